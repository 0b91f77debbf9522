import type { LockedPool } from "../memory/locked_pool.ts";
import type { Secret } from "../memory/secret.ts";
import { kemSuiteId, labeledExpand, labeledExtract } from "./hpke_labels.ts";
import type { EphemeralKeyPair } from "./key_agreement.ts";

const sharedSecretLength = 32; // Nsecret

/**
 * Encap(pkR) of DHKEM(X25519, HKDF-SHA256) (RFC 9180, Section 4.1); enc is the ephemeral pair's public key.
 * @throws {KeyAgreementError} as Section 7.1.4 demands for an all-zero Diffie-Hellman result
 */
export function encapsulateShared(
  pool: LockedPool,
  ephemeral: EphemeralKeyPair,
  recipientPublicKey: Uint8Array,
): Secret {
  using dh = ephemeral.derive(pool, recipientPublicKey);
  return extractAndExpand(pool, dh, ephemeral.publicKey, recipientPublicKey);
}

/** Decap(enc, skR) (RFC 9180, Section 4.1). */
export function decapsulateShared(
  pool: LockedPool,
  recipient: EphemeralKeyPair,
  encapsulatedKey: Uint8Array,
): Secret {
  using dh = recipient.derive(pool, encapsulatedKey);
  return extractAndExpand(pool, dh, encapsulatedKey, recipient.publicKey);
}

function extractAndExpand(
  pool: LockedPool,
  dh: Secret,
  encapsulatedKey: Uint8Array,
  recipientPublicKey: Uint8Array,
): Secret {
  using eaePrk = labeledExtract(pool, kemSuiteId, undefined, "eae_prk", dh);
  const kemContext = Uint8Array.of(...encapsulatedKey, ...recipientPublicKey);
  return labeledExpand(pool, kemSuiteId, eaePrk, "shared_secret", kemContext, sharedSecretLength);
}
