import { HoldfastError } from "../../shared/errors.ts";
import { inToken, type TokenKeys } from "../issuance/token_keys.ts";
import { TokenError } from "../token/errors.ts";
import type { TokenKey } from "../token/token_key.ts";
import { parsePkcs11Uri } from "../token/uri.ts";
import type { CheckpointSigner } from "./checkpoint.ts";
import { AuditError } from "./errors.ts";

const neverLate = () => false;

/**
 * Checkpoints signed with a key in a token. A key that is not there is made: P-256, and it never leaves the token. Throws
 * AuditError.
 */
export async function openCheckpointSigner(uri: string, keys: TokenKeys): Promise<CheckpointSigner> {
  const key = await loadOrMake(uri, keys).catch((cause: unknown) => {
    if (!(cause instanceof HoldfastError)) throw cause;
    throw new AuditError(`its key ${uri} cannot be used: ${cause.message}`, { cause });
  });
  const [signatureScheme] = key.signatureSchemes;
  if (signatureScheme === undefined) throw new AuditError(`its key ${uri} can sign with no scheme`);
  return {
    publicKey: key.publicKey.subjectPublicKeyInfo,
    signatureScheme,
    sign: (content) => key.sign(signatureScheme, content, neverLate),
  };
}

async function loadOrMake(uri: string, keys: TokenKeys): Promise<TokenKey> {
  try {
    return await keys.load(uri);
  } catch (error) {
    const { object, token } = parsePkcs11Uri(uri);
    if (!(error instanceof TokenError) || object === undefined) throw error;
    // Refused where the label is taken: then the key is there, and something else was wrong with it.
    await keys.generate(inToken(token), { label: object, algorithm: "ecdsa-p256" }).catch(() => {
      throw error;
    });
    return await keys.load(uri);
  }
}
