import { HoldfastError } from "../shared/errors.ts";
import type { OperationName } from "../shared/keyless_protocol/operations.ts";
import type { Logger } from "../shared/log.ts";
import type { LockedPool } from "../shared/memory/locked_pool.ts";
import { nameOf, SignatureScheme } from "../shared/tls_constants.ts";
import { TokenError } from "./token/errors.ts";
import { RsaDecryption } from "./token/rsa_decryption.ts";
import type { Token } from "./token/token.ts";
import type { TokenKey } from "./token/token_key.ts";
import type { Pkcs11Uri } from "./token/uri.ts";

/** A key in one of the tokens that have it. */
export interface KeyCopy {
  readonly tokenKey: TokenKey;
  /** Of a key with the purpose rsa-key-exchange. */
  readonly decryption: RsaDecryption | undefined;
}

/** A key that is to be served. */
export interface WantedKey {
  readonly name: string;
  readonly uri: Pkcs11Uri;
  readonly purposes: readonly OperationName[];
  /** For messages: where the key is spoken of, when that is not the registry. */
  readonly place?: string;
}

/** A key that the token has and that cannot be what it is for. Code `key-unusable`. */
export class KeyUnusableError extends HoldfastError {
  /** Ends a sentence that begins with the key. */
  readonly reason: string;

  constructor(name: string, reason: string) {
    super("key-unusable", `Cannot serve the key ${name}: it ${reason}`);
    this.reason = reason;
  }
}

/** Finds a key in its token and proves what it can do. Throws TokenError or KeyUnusableError. */
export async function loadKeyCopy(
  token: Token,
  wanted: WantedKey,
  memory: LockedPool,
  log: Logger,
): Promise<KeyCopy> {
  const { name, place } = wanted;
  const tokenKey = await token.loadKey(wanted.uri).catch((error: unknown) => {
    throw keyNotLoaded(error, place === undefined ? name : `${name} (${place})`, token.name);
  });
  try {
    checkAttributes(wanted, tokenKey, log);
    const purposes = new Set(wanted.purposes);
    const decryption = purposes.has("rsa-key-exchange")
      ? await RsaDecryption.open(tokenKey, memory)
      : undefined;
    logKey(log, name, tokenKey);
    return { tokenKey, decryption };
  } catch (error) {
    token.forgetKey(tokenKey);
    throw error;
  }
}

/** Nothing new begins with it; what is under way is answered. */
export function releaseKeyCopy({ tokenKey, decryption }: KeyCopy): void {
  tokenKey.token.forgetKey(tokenKey);
  decryption?.[Symbol.dispose]();
}

/** The token knows nothing of our names: says which key, and which token, its error is about. */
function keyNotLoaded(error: unknown, key: string, token: string): unknown {
  if (!(error instanceof TokenError)) return error;
  const reason = error.message.replace(/^Cannot/, "cannot");
  const message = `Cannot load the key ${key} from the token "${token}": ${reason}`;
  return new TokenError(message, error.returnValue, { cause: error });
}

/** Holds the token's word about the key against what it is to be used for. */
function checkAttributes({ name, purposes }: WantedKey, tokenKey: TokenKey, log: Logger): void {
  const problem = (reason: string) => new KeyUnusableError(name, reason);
  const { sign, decrypt } = tokenKey.attributes;
  const signs = purposes.some((purpose) => purpose !== "rsa-key-exchange");
  if (purposes.includes("rsa-key-exchange")) {
    if (tokenKey.publicKey.keyType !== "rsa") {
      throw problem("has the purpose rsa-key-exchange and is no RSA key");
    }
    if (decrypt === false) {
      throw problem("has the purpose rsa-key-exchange; the token's attribute CKA_DECRYPT is false");
    }
  }
  if (signs && sign === false) {
    throw problem("has purposes that sign; the token's attribute CKA_SIGN is false");
  }
  if (signs && tokenKey.signatureSchemes.length === 0) {
    const reasons = tokenKey.refused.map(({ method, reason }) => `${method}: ${reason}`).join("; ");
    throw problem(`cannot sign with any scheme (${reasons})`);
  }
  if (tokenKey.attributes.extractable === true || tokenKey.attributes.sensitive === false) {
    log.warn({ key: name, ...tokenKey.attributes }, "the key can be read out of its token");
  }
}

function logKey(log: Logger, name: string, key: TokenKey): void {
  const scheme = (number: number) => nameOf(SignatureScheme, number);
  log.info({
    event: "key-loaded",
    key: name,
    token: key.token.name,
    keyType: key.publicKey.keyType,
    keyBits: key.publicKey.keyBits,
    subjectKeyIdentifier: key.publicKey.subjectKeyIdentifier.toHex(),
    signatureSchemes: key.signatureSchemes.map(scheme),
    refused: key.refused.map((entry) => ({ ...entry, scheme: scheme(entry.scheme) })),
  }, "key loaded and tested");
}
