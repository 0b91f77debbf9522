/** The child of primitive_copies_test.ts: makes secrets, uses each in every primitive, reports them masked, waits. */
import { LockedPool } from "../../shared/memory/locked_pool.ts";
import type { Secret } from "../../shared/memory/secret.ts";
import { keyAead } from "../../shared/libcrypto/aead.ts";
import { hkdfExpand, hkdfExtract } from "../../shared/libcrypto/hkdf.ts";
import { hmac, hmacPublic } from "../../shared/libcrypto/hmac.ts";
import { EphemeralKeyPair, type KeyAgreementGroup } from "../../shared/libcrypto/key_agreement.ts";
import { encapsulate } from "../../shared/libcrypto/ml_kem.ts";
import { randomSecret } from "../../shared/libcrypto/random.ts";

const pool = LockedPool.open({ totalBytes: 65536, backing: "mlock" });
const secrets = new Map<string, Secret>();
const info = new TextEncoder().encode("info");

secrets.set("random secret", randomSecret(pool, 32));
for (const group of ["x25519", "secp256r1", "secp384r1"] as KeyAgreementGroup[]) {
  using ours = EphemeralKeyPair.generate(group);
  using theirs = EphemeralKeyPair.generate(group);
  const shared = ours.derive(pool, theirs.publicKey);
  secrets.set(`${group} secret`, shared);
  const extracted = hkdfExtract(pool, "sha384", secrets.get("random secret"), shared);
  secrets.set(`${group} extracted`, extracted);
  secrets.set(`${group} expanded`, hkdfExpand(pool, "sha384", extracted, info, 64));
}
{
  const scalar = randomSecret(pool, 32);
  using pair = EphemeralKeyPair.fromX25519Scalar(scalar);
  using peer = EphemeralKeyPair.generate("x25519");
  secrets.set("x25519 scalar", scalar);
  secrets.set("secret of that scalar", pair.derive(pool, peer.publicKey));
}
{
  const subtle = crypto.subtle as unknown as {
    generateKey(a: object, e: boolean, u: string[]): Promise<CryptoKeyPair>;
    exportKey(format: string, key: CryptoKey): Promise<ArrayBuffer>;
  };
  const pair = await subtle.generateKey({ name: "ML-KEM-768" }, true, ["encapsulateBits", "decapsulateBits"]);
  const key = new Uint8Array(await subtle.exportKey("raw-public", pair.publicKey));
  const { sharedSecret } = await encapsulate(pool, key);
  const used = hkdfExtract(pool, "sha256", undefined, sharedSecret);
  secrets.set("ML-KEM extracted", used);
  secrets.set("ML-KEM secret", sharedSecret);
}
for (const hash of ["sha256", "sha384", "sha512"] as const) {
  const key = randomSecret(pool, 48);
  secrets.set(`HMAC key of ${hash}`, key);
  secrets.set(`HMAC result of ${hash}`, hmac(pool, hash, key, info));
  hmacPublic(hash, key, info, info); // another result: this one is public
}
const trafficKey = randomSecret(pool, 16);
secrets.set("traffic key", trafficKey);
const otherKey = randomSecret(pool, 32);
secrets.set("other traffic key", otherKey);
const nonce = new Uint8Array(12);
const record = new Uint8Array(100 + 16);
for (
  const [name, key] of [["aes-128-gcm", trafficKey], ["aes-256-gcm", otherKey], [
    "chacha20-poly1305",
    otherKey,
  ]] as const
) {
  {
    using aead = keyAead(name, key, "seal");
    aead.seal(nonce, info, record.subarray(0, 100), record);
  }
  using aead = keyAead(name, key, "open");
  aead.open(nonce, info, record, record);
}
if (Deno.args[0] === "aead-keyed") keyAead("aes-128-gcm", trafficKey, "seal");

const masked: Record<string, string> = {};
for (const [name, secret] of secrets) {
  let hex = "";
  for (let index = 0; index < secret.length; index++) {
    hex += (secret.bytes[index]! ^ 0x5c).toString(16).padStart(2, "0");
  }
  masked[name] = hex;
}
const report = JSON.stringify({ pool: { address: pool.address, length: pool.mappedBytes }, masked });
await Deno.stdout.write(new TextEncoder().encode(report + "\n"));
for await (const _ of Deno.stdin.readable) { /* until the test closes it */ }
Deno.exit(0);
