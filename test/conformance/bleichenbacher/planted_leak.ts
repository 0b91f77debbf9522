import { answerWithPremaster } from "../../../key-server/operations/rsa_key_exchange.ts";
import type { KeylessAnswer } from "../../../shared/keyless_protocol/answers.ts";
import type { RsaKeyExchangeRequest } from "../../../shared/keyless_protocol/operations.ts";
import { hmacInto } from "../../../shared/libcrypto/hmac.ts";
import type { KeyServerStage } from "./key_server_stage.ts";

/**
 * The control: a key server as it is written without a thought of Bleichenbacher. The answers are those of the real one;
 * but it throws where the padding is wrong, and only then computes what stands for the premaster.
 */
export async function answerLeaking(
  stage: KeyServerStage,
  request: RsaKeyExchangeRequest,
): Promise<KeylessAnswer> {
  const { memory, decryption } = stage;
  const { block } = await decryption.decrypt(request.encryptedPreMasterSecret, () => false);
  using _ = block;
  using premaster = memory.rent(48);
  try {
    premaster.bytes.set(unpadded(block.bytes, request.clientVersion));
  } catch {
    const version = Uint8Array.of(request.clientVersion >> 8, request.clientVersion);
    hmacInto(premaster, "sha384", decryption.rejectionSecret, version, request.encryptedPreMasterSecret);
  }
  return answerWithPremaster(memory, request, premaster);
}

function unpadded(block: Uint8Array, clientVersion: number): Uint8Array {
  if (block[0] !== 0 || block[1] !== 2) throw new Error("Cannot unpad: no block of type 2");
  const end = block.indexOf(0, 2);
  if (end === -1) throw new Error("Cannot unpad: the padding has no end");
  const premaster = block.subarray(end + 1);
  if (premaster.length !== 48) throw new Error("Cannot unpad: the premaster's length is wrong");
  if ((premaster[0]! << 8 | premaster[1]!) !== clientVersion) throw new Error("Cannot unpad: wrong version");
  return premaster;
}
