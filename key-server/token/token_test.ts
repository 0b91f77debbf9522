import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash, createPublicKey, verify } from "node:crypto";
import { mustRun } from "../../test/harness/command.ts";
import { TemporaryFolder } from "../../test/harness/temporary_folder.ts";
import { SoftHsmToken } from "../../test/harness/token/softhsm_token.ts";
import { candidateMethods } from "./signing_methods.ts";
import type { ServerKeyType } from "../../shared/signature_schemes.ts";
import type { TokenTestJob, TokenTestResult } from "./test_program.ts";

const program = fileURLToPath(new URL("test_program.ts", import.meta.url));
const message = new TextEncoder().encode("a message of a test");

async function inToken(token: SoftHsmToken, job: Partial<TokenTestJob>): Promise<TokenTestResult> {
  const pin = (await Deno.readTextFile(token.pinFile)).trimEnd();
  const args = [
    "run",
    "--quiet",
    "--no-prompt",
    "--cached-only",
    "--allow-ffi",
    "--allow-read",
    "--allow-write",
    program,
  ];
  const input = JSON.stringify({ uri: token.uri, pin, ...job });
  const { stdout } = await mustRun(Deno.execPath(), args, { input, env: token.env });
  return JSON.parse(stdout) as TokenTestResult;
}

async function freshToken(...names: string[]): Promise<{ folder: TemporaryFolder; token: SoftHsmToken }> {
  const folder = await TemporaryFolder.create();
  const keys = names.map((name) => ({ name, type: "ecdsa-p256" as const, known: true }));
  return { folder, token: await SoftHsmToken.create(folder.path, keys) };
}

Deno.test("L16: keys of every type are generated in the token, found by label, and proved by the self-test", async () => {
  const { folder, token } = await freshToken();
  await using _ = folder;
  const algorithms = ["ecdsa-p256", "ecdsa-p384", "ed25519", "rsa-2048"] as const;
  const { generated, keys } = await inToken(token, { generate: algorithms, load: algorithms });
  assert.equal(keys?.length, 4);
  for (const key of keys ?? []) {
    assert.equal(key.subjectPublicKeyInfo, generated?.[key.label], key.label);
    const methods = candidateMethods[key.keyType as ServerKeyType];
    assert.deepEqual(key.schemes, [...new Set(methods.map(({ scheme }) => scheme))]);
    assert.deepEqual(key.attributes, { sign: true, decrypt: false, extractable: false, sensitive: true });
    const info = Buffer.from(key.subjectPublicKeyInfo, "hex");
    const publicKey = createPublicKey({ key: info, format: "der", type: "spki" });
    for (const { scheme, verify } of methods) {
      assert.ok(
        verify(message, Buffer.from(key.signatures[scheme]!, "hex"), publicKey),
        `${key.label} ${scheme}`,
      );
    }
  }
});

Deno.test("a key's identifier is the SHA-1 of its public key's bits, as openssl has it", async () => {
  const { folder, token } = await freshToken("www");
  await using _ = folder;
  const { publicKeyInfo } = token.keys[0]!;
  const { keys } = await inToken(token, { load: ["www"] });
  const point = publicKeyInfo.subarray(publicKeyInfo.length - 65);
  assert.equal(keys?.[0]?.subjectKeyIdentifier, createHash("sha1").update(point).digest("hex"));
});

Deno.test("300 signatures at once use the token's sessions and no more, and none waits behind later ones", async () => {
  // A token of one session has none to spare for threads of its own.
  for (const [sessions, most] of [[4, 2], [1, 1]] as const) await signAtOnce(sessions, most);
});

async function signAtOnce(sessions: number, most: number): Promise<void> {
  const { folder, token } = await freshToken();
  await using _ = folder;
  const { keys, scenario } = await inToken(token, {
    generate: ["ecdsa-p256"],
    load: ["ecdsa-p256"],
    scenario: "concurrent",
    sessions,
  });
  const { signatures, mostInUse, displacement, inUse, waiting } = scenario as {
    signatures: [string, string][];
    mostInUse: number;
    displacement: number;
    inUse: number;
    waiting: number;
  };
  const info = Buffer.from(keys![0]!.subjectPublicKeyInfo, "hex");
  const publicKey = createPublicKey({ key: info, format: "der", type: "spki" });
  assert.equal(signatures.length, 300);
  for (const [text, hex] of signatures) {
    assert.ok(verify("sha256", Buffer.from(text), publicKey, Buffer.from(hex, "hex")));
  }
  assert.ok(mostInUse >= 1 && mostInUse <= most, `${mostInUse} sessions in use`);
  assert.ok(displacement <= 100, `a signature came ${displacement} places from its turn`);
  assert.deepEqual([inUse, waiting], [0, 0]);
}

Deno.test("an operation that is late when its session is there is not begun", async () => {
  const { folder, token } = await freshToken();
  await using _ = folder;
  const { scenario } = await inToken(token, {
    generate: ["ecdsa-p256"],
    load: ["ecdsa-p256"],
    scenario: "late",
  });
  assert.equal(scenario, "deadline-passed");
});

Deno.test("lost sessions are token failures until the token is opened anew, with one login for both who ask", async () => {
  const { folder, token } = await freshToken("www");
  await using _ = folder;
  const { scenario } = await inToken(token, { load: ["www"], scenario: "lost" });
  assert.deepEqual(scenario, {
    afterLoss: ["token-failure", "token-failure"],
    afterReopening: "done",
    probe: "done",
    pinReads: 2,
  });
});

Deno.test("a token that is taken away fails, and signs again when it is back", async () => {
  const { folder, token } = await freshToken("www");
  await using _ = folder;
  const tokensFolder = folder.file("tokens");
  const { scenario } = await inToken(token, { load: ["www"], scenario: "removed", tokensFolder });
  assert.deepEqual(scenario, { away: "token-failure", back: "done" });
});

Deno.test("what is not in the token, or twice, or behind another PIN, is refused in words", async () => {
  const { folder, token } = await freshToken("twice", "twice");
  await using _ = folder;
  const refusals: [Partial<TokenTestJob>, RegExp][] = [
    [{ load: ["absent"] }, /Cannot find a private key with object=absent/],
    [{ load: ["twice"] }, /Cannot choose a key: 2 have object=twice/],
    [{ load: ["twice"], pin: "not the pin" }, /Cannot log in to the token: CKR_PIN_INCORRECT/],
    [{ load: ["x"], uri: token.uri.replace("token=holdfast", "token=other") }, /Cannot find the token/],
    [
      { load: ["x"], uri: "pkcs11:token=a?module-path=/nowhere.so" },
      /Cannot load the PKCS#11 module \/nowhere.so/,
    ],
  ];
  for (const [job, words] of refusals) {
    const { error } = await inToken(token, job);
    assert.equal(error?.code, "token-failure");
    assert.match(error?.message ?? "", words);
    assert.doesNotMatch(error?.message ?? "", /not the pin/);
  }
});

Deno.test("a label that is taken is not given to a second key", async () => {
  const { folder, token } = await freshToken();
  await using _ = folder;
  const { error } = await inToken(token, { generate: ["ecdsa-p256", "ecdsa-p256"] });
  assert.match(error?.message ?? "", /the label ecdsa-p256 is taken/);
});
