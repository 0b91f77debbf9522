import { EphemeralKeyPair, type KeyAgreementGroup } from "../../../shared/libcrypto/key_agreement.ts";
import type { LockedPool } from "../../../shared/memory/locked_pool.ts";
import type { Secret } from "../../../shared/memory/secret.ts";

/** An ephemeral key pair; its private half never leaves what made it. */
export interface KeyPair extends Disposable {
  /** As it goes on the wire: 32 (x25519), 65 (secp256r1) or 97 bytes (secp384r1). */
  readonly publicKey: Uint8Array;
  /** The shared secret, the caller's to dispose. Throws for a share that is no point of the curve, or of low order. */
  derive(pool: LockedPool, peerPublicKey: Uint8Array): Secret;
}

/** Makes the key pair of one key exchange: a seam for published handshakes, whose keys are known. */
export type GenerateKeyPair = (group: KeyAgreementGroup) => KeyPair;

/** A fresh key pair from OpenSSL. */
export const generateKeyPair: GenerateKeyPair = (group) => EphemeralKeyPair.generate(group);
