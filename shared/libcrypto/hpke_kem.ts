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

/**
 * AuthEncap(pkR, skS) (RFC 9180, Section 4.1): only who has the sender's private key can have made it.
 * @throws {KeyAgreementError}
 */
export function encapsulateSharedFrom(
  pool: LockedPool,
  ephemeral: EphemeralKeyPair,
  sender: EphemeralKeyPair,
  recipientPublicKey: Uint8Array,
): Secret {
  using first = ephemeral.derive(pool, recipientPublicKey);
  using second = sender.derive(pool, recipientPublicKey);
  using dh = joined(pool, first, second);
  return extractAndExpand(pool, dh, ephemeral.publicKey, recipientPublicKey, sender.publicKey);
}

/** AuthDecap(enc, skR, pkS) (RFC 9180, Section 4.1). @throws {KeyAgreementError} */
export function decapsulateSharedFrom(
  pool: LockedPool,
  recipient: EphemeralKeyPair,
  encapsulatedKey: Uint8Array,
  senderPublicKey: Uint8Array,
): Secret {
  using first = recipient.derive(pool, encapsulatedKey);
  using second = recipient.derive(pool, senderPublicKey);
  using dh = joined(pool, first, second);
  return extractAndExpand(pool, dh, encapsulatedKey, recipient.publicKey, senderPublicKey);
}

function joined(pool: LockedPool, first: Secret, second: Secret): Secret {
  const both = pool.rent(first.length + second.length);
  both.bytes.set(first.bytes);
  both.bytes.set(second.bytes, first.length);
  return both;
}

function extractAndExpand(
  pool: LockedPool,
  dh: Secret,
  ...publicKeys: readonly Uint8Array[]
): Secret {
  using eaePrk = labeledExtract(pool, kemSuiteId, undefined, "eae_prk", dh);
  const kemContext = Uint8Array.from(publicKeys.flatMap((key) => [...key]));
  return labeledExpand(pool, kemSuiteId, eaePrk, "shared_secret", kemContext, sharedSecretLength);
}
