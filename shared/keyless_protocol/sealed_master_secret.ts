import { hpkeOpen, hpkeSeal } from "../libcrypto/hpke.ts";
import type { EphemeralKeyPair } from "../libcrypto/key_agreement.ts";
import type { LockedPool } from "../memory/locked_pool.ts";
import type { Secret } from "../memory/secret.ts";
import type { SealedMasterSecretAnswer } from "./answers.ts";
import type { RsaKeyExchangeRequest } from "./operations.ts";
import { encodeRequestBody } from "./requests.ts";

const info = new TextEncoder().encode("holdfast/1 rsa-key-exchange");

/**
 * PROTOCOL.md, "rsa-key-exchange": an answer opens only for the request that it answers, every byte of it, and with
 * the key made for that request. A body has one encoding only, so both ends bind to the same bytes.
 */
function bindingTo(request: RsaKeyExchangeRequest) {
  return { aead: "chacha20-poly1305", info, aad: encodeRequestBody(request) } as const;
}

/**
 * Seals a master secret, which stays in the pool, to the key that the request names.
 *
 * @throws {KeyAgreementError} when that key is degenerate
 */
export function sealMasterSecret(
  pool: LockedPool,
  request: RsaKeyExchangeRequest,
  master: Secret,
): SealedMasterSecretAnswer {
  return {
    type: "sealed-master-secret",
    ...hpkeSeal(pool, request.recipientPublicKey, bindingTo(request), master),
  };
}

/**
 * Opens an answer into the pool: 48 bytes.
 *
 * @param recipient the pair whose public key the request has; x25519
 * @throws {KeyAgreementError}
 * @throws {HpkeError} when it was sealed for another key or another request, or has been changed
 */
export function openMasterSecret(
  pool: LockedPool,
  recipient: EphemeralKeyPair,
  request: RsaKeyExchangeRequest,
  answer: SealedMasterSecretAnswer,
): Secret {
  return hpkeOpen(pool, recipient, bindingTo(request), answer);
}
