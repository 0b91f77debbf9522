import { createHmac } from "node:crypto";
import type { MasterSecretSeed } from "../../shared/keyless_protocol/operations.ts";

/** PRF of TLS 1.2 (RFC 5246, Section 5) by node:crypto: a second opinion, for secrets that tests may see. */
export function testPrf(
  hash: "sha256" | "sha384",
  secret: Uint8Array,
  label: string,
  seed: Uint8Array,
  length: number,
): Uint8Array {
  const hmac = (data: Uint8Array) => createHmac(hash, secret).update(data).digest();
  const labelled = Uint8Array.of(...new TextEncoder().encode(label), ...seed);
  const output: number[] = [];
  for (let chain = hmac(labelled); output.length < length; chain = hmac(chain)) {
    output.push(...hmac(Uint8Array.of(...chain, ...labelled)));
  }
  return Uint8Array.from(output.slice(0, length));
}

/** RFC 5246, Section 8.1; RFC 7627, Section 4. */
export function testMasterSecret(
  hash: "sha256" | "sha384",
  premaster: Uint8Array,
  seed: MasterSecretSeed,
): Uint8Array {
  return seed.form === "extended"
    ? testPrf(hash, premaster, "extended master secret", seed.sessionHash, 48)
    : testPrf(
      hash,
      premaster,
      "master secret",
      Uint8Array.of(...seed.clientRandom, ...seed.serverRandom),
      48,
    );
}
