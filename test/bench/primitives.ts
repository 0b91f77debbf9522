/**
 * What the primitives cost, beside the same through WebCrypto and node:crypto: `deno run -A test/bench/primitives.ts`.
 * Ratios are what to compare between machines; microseconds are this machine's.
 */
import Table from "cli-table3";
import { createCipheriv, createHmac, hkdfSync } from "node:crypto";
import { LockedPool } from "../../shared/memory/locked_pool.ts";
import { aeadKeyLength, type AeadName, aeadTagLength, keyAead } from "../../shared/libcrypto/aead.ts";
import { RunningDigest } from "../../shared/libcrypto/digest.ts";
import { hkdfExpand } from "../../shared/libcrypto/hkdf.ts";
import { hmac } from "../../shared/libcrypto/hmac.ts";
import { hpkeOpen, hpkeSeal } from "../../shared/libcrypto/hpke.ts";
import { EphemeralKeyPair, type KeyAgreementGroup } from "../../shared/libcrypto/key_agreement.ts";
import { encapsulate, mlKemProvider } from "../../shared/libcrypto/ml_kem.ts";
import { tls12Prf } from "../../shared/libcrypto/tls12_prf.ts";
import { microseconds } from "./measure.ts";

interface Alternative {
  readonly name: "WebCrypto" | "node:crypto";
  run(): unknown;
}

const table = new Table({
  head: ["operation", "us", "WebCrypto", "node:crypto"],
  style: { head: [], border: [] },
});

async function measure(
  name: string,
  operation: () => unknown,
  ...alternatives: Alternative[]
): Promise<void> {
  const ours = await microseconds(operation);
  const column = async (wanted: Alternative["name"]) => {
    const alternative = alternatives.find((one) => one.name === wanted);
    if (alternative === undefined) return "";
    const theirs = await microseconds(alternative.run);
    return `${theirs.toFixed(1)} (x${(theirs / ours).toFixed(1)})`;
  };
  table.push([name, ours.toFixed(2), await column("WebCrypto"), await column("node:crypto")]);
}

const pool = LockedPool.open({ totalBytes: 1 << 20 });
const nonce = new Uint8Array(12);
const header = new Uint8Array(5);

await measure("rent and return a secret", () => pool.rent(32)[Symbol.dispose]());
await measure("rent, view and return a secret", () => {
  using secret = pool.rent(32);
  secret.bytes[0] = 1;
});

for (const name of ["aes-128-gcm", "aes-256-gcm", "chacha20-poly1305"] as AeadName[]) {
  using key = pool.rent(aeadKeyLength[name]);
  await measure(`${name}: key and forget`, () => keyAead(name, key, "seal")[Symbol.dispose]());
  for (const length of [64, 1400, 16384]) {
    const plaintext = new Uint8Array(length);
    const output = new Uint8Array(length + aeadTagLength);
    using aead = keyAead(name, key, "seal");
    const raw = new Uint8Array(aeadKeyLength[name]);
    const alternatives: Alternative[] = [{
      name: "node:crypto",
      run: () => {
        const cipher = createCipheriv(name as "aes-128-gcm", raw, nonce, { authTagLength: aeadTagLength });
        cipher.setAAD(header);
        return [cipher.update(plaintext), cipher.final(), cipher.getAuthTag()];
      },
    }];
    if (name !== "chacha20-poly1305") {
      const webKey = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt"]);
      const algorithm = { name: "AES-GCM", iv: nonce, additionalData: header };
      alternatives.push({
        name: "WebCrypto",
        run: () => crypto.subtle.encrypt(algorithm, webKey, plaintext),
      });
    }
    await measure(
      `${name}: seal ${length} bytes`,
      () => aead.seal(nonce, header, plaintext, output),
      ...alternatives,
    );
  }
}

for (const hash of ["sha256", "sha384"] as const) {
  using key = pool.rent(32);
  const raw = new Uint8Array(32);
  const data = new Uint8Array(100);
  await measure(`hmac ${hash}`, () => hmac(pool, hash, key, data)[Symbol.dispose](), {
    name: "node:crypto",
    run: () => createHmac(hash, raw).update(data).digest(),
  });
  await measure(`hkdf-expand ${hash}`, () => hkdfExpand(pool, hash, key, data, 32)[Symbol.dispose](), {
    name: "node:crypto",
    run: () => hkdfSync(hash, raw, raw, data, 32),
  });
}
using running = new RunningDigest("sha256");
const message = new Uint8Array(1000);
await measure("transcript: add 1000 bytes and read", () => {
  running.update(message);
  running.snapshot();
});
using master = pool.rent(48);
await measure("tls 1.2 key block", () => {
  for (const key of tls12Prf(pool, "sha256", master, "key expansion", [message], [16, 16, 4, 4])) {
    key[Symbol.dispose]();
  }
});

for (const group of ["x25519", "secp256r1", "secp384r1"] as KeyAgreementGroup[]) {
  using pair = EphemeralKeyPair.generate(group);
  await measure(`${group}: generate`, () => EphemeralKeyPair.generate(group)[Symbol.dispose]());
  await measure(`${group}: derive`, () => pair.derive(pool, pair.publicKey)[Symbol.dispose]());
}
const subtle = crypto.subtle as unknown as {
  generateKey(a: object, e: boolean, u: string[]): Promise<CryptoKeyPair>;
  exportKey(format: string, key: CryptoKey): Promise<ArrayBuffer>;
};
const kem = await subtle.generateKey({ name: "ML-KEM-768" }, true, ["encapsulateBits", "decapsulateBits"]);
const kemKey = new Uint8Array(await subtle.exportKey("raw-public", kem.publicKey));
await measure(`ml-kem-768: encapsulate (${mlKemProvider()})`, async () => {
  (await encapsulate(pool, kemKey)).sharedSecret[Symbol.dispose]();
});
{
  using recipient = EphemeralKeyPair.generate("x25519");
  const binding = { aead: "aes-128-gcm", info: header, aad: header } as const;
  const sealed = hpkeSeal(pool, recipient.publicKey, binding, master);
  await measure("hpke: seal", () => hpkeSeal(pool, recipient.publicKey, binding, master));
  await measure("hpke: open", () => hpkeOpen(pool, recipient, binding, sealed)[Symbol.dispose]());
}
await Deno.stdout.write(new TextEncoder().encode(table.toString() + "\n"));
