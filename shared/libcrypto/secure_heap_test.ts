import assert from "node:assert/strict";
import { runAsOrdinaryUser } from "../../test/harness/ordinary_user.ts";
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
