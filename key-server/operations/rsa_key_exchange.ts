import type { SealedMasterSecretAnswer } from "../../shared/keyless_protocol/answers.ts";
import { KeylessError } from "../../shared/keyless_protocol/errors.ts";
import type { RsaKeyExchangeRequest } from "../../shared/keyless_protocol/operations.ts";
import { sealMasterSecret } from "../../shared/keyless_protocol/sealed_master_secret.ts";
import { hashLength } from "../../shared/libcrypto/digest.ts";
import { KeyAgreementError } from "../../shared/libcrypto/errors.ts";
import { tls12Prf } from "../../shared/libcrypto/tls12_prf.ts";
import type { LockedPool } from "../../shared/memory/locked_pool.ts";
import type { Secret } from "../../shared/memory/secret.ts";
import { ProtocolVersion } from "../../shared/tls_constants.ts";
import type { DecryptedBlock, RsaDecryption } from "../token/rsa_decryption.ts";
import { choosePremaster } from "./premaster.ts";

const masterSecretLength = 48;

/**
 * The master secret of a TLS 1.2 RSA key exchange, sealed to the edge. Whatever is wrong with the ciphertext, the answer
 * is of the same kind and takes as long. `isLate` is asked before the token's work begins.
 *
 * Throws KeylessError bad-request for what no TLS server would ask, TokenError when the token fails.
 */
export async function exchangeRsaKey(
  request: RsaKeyExchangeRequest,
  decryption: RsaDecryption,
  memory: LockedPool,
  isLate: () => boolean,
): Promise<SealedMasterSecretAnswer> {
  checkRequest(request);
  const decrypted = await decryption.decrypt(request.encryptedPreMasterSecret, isLate);
  using _ = decrypted.block;
  return answerWith(memory, request, decrypted, decryption.rejectionSecret);
}

/** Everything after the token's answer, in one turn of the event loop. */
export function answerWith(
  memory: LockedPool,
  request: RsaKeyExchangeRequest,
  decrypted: DecryptedBlock,
  rejectionSecret: Secret,
): SealedMasterSecretAnswer {
  const { clientVersion, encryptedPreMasterSecret: ciphertext } = request;
  using premaster = choosePremaster(memory, decrypted, rejectionSecret, { clientVersion, ciphertext });
  return answerWithPremaster(memory, request, premaster);
}

/** Derives the master secret and seals it. The premaster stays the caller's. */
export function answerWithPremaster(
  memory: LockedPool,
  request: RsaKeyExchangeRequest,
  premaster: Secret,
): SealedMasterSecretAnswer {
  using master = deriveMasterSecret(memory, request, premaster);
  return seal(memory, request, master);
}

/** RFC 5246, Section 8.1; RFC 7627, Section 4. */
function deriveMasterSecret(
  memory: LockedPool,
  { seed, prfHash }: RsaKeyExchangeRequest,
  premaster: Secret,
): Secret {
  const [label, parts] = seed.form === "extended"
    ? ["extended master secret", [seed.sessionHash]]
    : ["master secret", [seed.clientRandom, seed.serverRandom]];
  const [master] = tls12Prf(memory, prfHash, premaster, label, parts, [masterSecretLength]);
  return master!;
}

function seal(memory: LockedPool, request: RsaKeyExchangeRequest, master: Secret): SealedMasterSecretAnswer {
  try {
    return sealMasterSecret(memory, request, master);
  } catch (error) {
    if (!(error instanceof KeyAgreementError)) throw error;
    throw new KeylessError("bad-request", "the recipient's public key is degenerate", { cause: error });
  }
}

function checkRequest({ clientVersion, prfHash, seed }: RsaKeyExchangeRequest): void {
  if (clientVersion < ProtocolVersion.TLSv1_2) {
    throw new KeylessError("bad-request", "TLS 1.2 is not agreed on with this client_version");
  }
  if (seed.form === "extended" && seed.sessionHash.length !== hashLength[prfHash]) {
    throw new KeylessError("bad-request", "the session hash is not of the PRF's hash");
  }
}
