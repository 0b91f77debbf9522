import assert from "node:assert/strict";
import { SecureHeapError } from "./errors.ts";
import { defaultSecureHeapBytes, ensureSecureHeap, openSecureHeap, secureHeapIsOpen } from "./secure_heap.ts";

Deno.test("a secure heap opens once, with a power of two", () => {
  for (const bytes of [0, -4096, 4095, 5000, 2 ** 31, NaN]) {
    assert.throws(() => openSecureHeap(bytes), SecureHeapError);
  }
  ensureSecureHeap();
  assert.equal(secureHeapIsOpen(), true);
  assert.throws(() => openSecureHeap(), /open already/);
  ensureSecureHeap();
});

/** Runs a program as an ordinary user (able to read every file, as a checkout below /root needs) under a lock limit. */
async function runAsOrdinaryUser(program: string, lockLimit: number): Promise<string> {
  const capability = "-all,+dac_read_search";
  const asUser = Deno.uid() !== 0 ? [] : [
    "setpriv",
    "--reuid=65534",
    "--regid=65534",
    "--clear-groups",
    `--inh-caps=${capability}`,
    `--ambient-caps=${capability}`,
    `--bounding-set=${capability}`,
  ];
  const folder = await Deno.makeTempDir({ prefix: "holdfast-secure-heap-" });
  try {
    await Deno.chmod(folder, 0o777);
    await Deno.writeTextFile(`${folder}/program.ts`, program);
    const deno = [Deno.execPath(), "run", "--no-config", "--no-check", "--allow-ffi", `${folder}/program.ts`];
    const [name, ...args] = ["prlimit", `--memlock=${lockLimit}:${lockLimit}`, ...asUser, ...deno];
    const env = { DENO_DIR: `${folder}/deno`, HOME: folder, NO_COLOR: "1" };
    const { stdout, stderr, success } = await new Deno.Command(name!, { args, env }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const program = `
  import { EphemeralKeyPair } from ${JSON.stringify(import.meta.resolve("./key_agreement.ts"))};
  import { secureHeapIsOpen } from ${JSON.stringify(import.meta.resolve("./secure_heap.ts"))};
  try {
    using pair = EphemeralKeyPair.generate("x25519");
    console.log("generated", secureHeapIsOpen());
  } catch (error) {
    console.log(error.code, error.message, secureHeapIsOpen());
  }
`;

Deno.test("L24: an ordinary user's secure heap over RLIMIT_MEMLOCK is refused, and no private scalar is made without it", async () => {
  const refused = await runAsOrdinaryUser(program, defaultSecureHeapBytes / 2);
  assert.match(
    refused,
    /^secure-heap Cannot open OpenSSL's secure heap: 131072 bytes cannot be locked.* false\n$/,
  );
  assert.equal(await runAsOrdinaryUser(program, 2 * defaultSecureHeapBytes), "generated true\n");
});
