import assert from "node:assert/strict";
import { LockedPool } from "../memory/locked_pool.ts";
import { KeyAgreementError } from "./errors.ts";
import { encapsulate, mlKem768, mlKemProvider } from "./ml_kem.ts";

/** WebCrypto's ML-KEM, for which TypeScript has no types yet. */
const subtle = crypto.subtle as unknown as {
  generateKey(
    a: { name: string },
    e: boolean,
    u: string[],
  ): Promise<{ publicKey: CryptoKey; privateKey: CryptoKey }>;
  exportKey(format: string, key: CryptoKey): Promise<ArrayBuffer>;
  decapsulateBits(a: { name: string }, key: CryptoKey, ciphertext: Uint8Array): Promise<ArrayBuffer>;
};
const algorithm = { name: "ML-KEM-768" };

async function newKey(): Promise<{ encapsulationKey: Uint8Array; privateKey: CryptoKey }> {
  const { publicKey, privateKey } = await subtle.generateKey(algorithm, true, [
    "encapsulateBits",
    "decapsulateBits",
  ]);
  return { encapsulationKey: new Uint8Array(await subtle.exportKey("raw-public", publicKey)), privateKey };
}

Deno.test(`L17: an ML-KEM-768 secret (by ${mlKemProvider()}) is in the pool and is the one its receiver finds`, async () => {
  using pool = LockedPool.open({ totalBytes: 4096 });
  const { encapsulationKey, privateKey } = await newKey();
  const { ciphertext, sharedSecret } = await encapsulate(pool, encapsulationKey);
  using secret = sharedSecret;
  assert.equal(ciphertext.length, mlKem768.ciphertextLength);
  const received = new Uint8Array(await subtle.decapsulateBits(algorithm, privateKey, ciphertext));
  assert.deepEqual(secret.bytes.slice(), received);
  assert.ok(secret.address >= pool.address && secret.address < pool.address + pool.mappedBytes);
});

Deno.test("an encapsulation key of a wrong length or with a coefficient not below 3329 is refused", async () => {
  using pool = LockedPool.open({ totalBytes: 4096 });
  const { encapsulationKey } = await newKey();
  const notReduced = encapsulationKey.slice();
  notReduced.set([0xff, 0xff], 0); // the first coefficient becomes 4095
  const keys = [
    new Uint8Array(0),
    encapsulationKey.subarray(1),
    Uint8Array.of(...encapsulationKey, 0),
    notReduced,
  ];
  for (const key of keys) await assert.rejects(encapsulate(pool, key), KeyAgreementError);
  assert.equal(pool.blocksInUse, 0);
});

Deno.test("an exhausted pool fails an encapsulation without keeping anything", async () => {
  using pool = LockedPool.open({ totalBytes: 64 });
  using _last = pool.rent(1);
  const { encapsulationKey } = await newKey();
  await assert.rejects(encapsulate(pool, encapsulationKey), { code: "pool-exhausted" });
});
