import type { LockedPool } from "../memory/locked_pool.ts";
import { Secret } from "../memory/secret.ts";
import { cString, libcrypto } from "./bindings.ts";
import { forgetKeyThisTurn, type KeyedContext } from "./forget_keys.ts";
import { hashLength, type HashName, opensslHashName } from "./digest.ts";
import { mustExist, mustSucceed } from "./failure.ts";
import { OsslParameters } from "./ossl_parameters.ts";

/**
 * HMAC(key, data...) (RFC 2104) into a new block of the pool, hashLength bytes long.
 *
 * @param data public bytes and secrets, concatenated
 */
export function hmac(
  pool: LockedPool,
  hash: HashName,
  key: Secret | Uint8Array,
  ...data: (Secret | Uint8Array)[]
): Secret {
  const output = pool.rent(hashLength[hash]);
  try {
    hmacInto(output, hash, key, ...data);
    return output;
  } catch (error) {
    output[Symbol.dispose]();
    throw error;
  }
}

/** HMAC into a secret that is rented already and at least hashLength bytes long; it may be one of the inputs. */
export function hmacInto(
  output: Secret,
  hash: HashName,
  key: Secret | Uint8Array,
  ...data: (Secret | Uint8Array)[]
): void {
  if (output.length < hashLength[hash]) throw new RangeError(`Cannot compute HMAC: the output is too short`);
  hmacAt(output.address, hash, key, ...data);
}

/** HMAC to an address inside a block that has room for hashLength bytes. For this folder only. */
export function hmacAt(
  address: number,
  hash: HashName,
  key: Secret | Uint8Array,
  ...data: (Secret | Uint8Array)[]
): void {
  const context = absorb(hash, key, data);
  const result = libcrypto().EVP_MAC_final_at(context, address, null, hashLength[hash]);
  mustSucceed(result, `compute HMAC with ${hash}`);
}

/** HMAC whose result is public, as a Finished message's verify_data; only the key is a secret. */
export function hmacPublic(hash: HashName, key: Secret, ...data: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const output = new Uint8Array(hashLength[hash]);
  const context = absorb(hash, key, data);
  const result = libcrypto().EVP_MAC_final(context, output, null, output.length);
  mustSucceed(result, `compute HMAC with ${hash}`);
  return output;
}

/**
 * One context for each hash in a process. A context holds states made from its key in OpenSSL's ordinary heap, so
 * that a context for each connection would spread every live secret over memory that is not locked.
 */
const contexts = new Map<HashName, HmacContext>();
let algorithm: number | undefined;

class HmacContext implements KeyedContext {
  readonly address: number;

  constructor(address: number) {
    this.address = address;
  }

  /** Keying anew overwrites every state made from the last key and frees OpenSSL's copy of it, zeroed. */
  overwriteKey(): void {
    const { EVP_MAC_init_bytes } = libcrypto();
    mustSucceed(EVP_MAC_init_bytes(this.address, dummyKey, dummyKey.length, null), "forget a key of HMAC");
  }
}

function contextFor(hash: HashName): HmacContext {
  let context = contexts.get(hash);
  if (context === undefined) {
    algorithm ??= mustExist(libcrypto().EVP_MAC_fetch(0, cString("HMAC"), null), "fetch HMAC");
    context = new HmacContext(mustExist(libcrypto().EVP_MAC_CTX_new(algorithm), "make an HMAC context"));
    const parameters = new OsslParameters().utf8("digest", opensslHashName(hash));
    mustSucceed(
      libcrypto().EVP_MAC_init_bytes(context.address, dummyKey, dummyKey.length, parameters.encode()),
      `set HMAC to ${hash}`,
    );
    contexts.set(hash, context);
  }
  return context;
}

function absorb(hash: HashName, key: Secret | Uint8Array, data: (Secret | Uint8Array)[]): number {
  const { EVP_MAC_init, EVP_MAC_init_bytes, EVP_MAC_update, EVP_MAC_update_at } = libcrypto();
  const hmacContext = contextFor(hash);
  const context = hmacContext.address;
  forgetKeyThisTurn(hmacContext);
  const keyed = key instanceof Secret
    ? EVP_MAC_init(context, key.address, key.length, null)
    : EVP_MAC_init_bytes(context, key.length === 0 ? dummyKey : key, key.length, null);
  mustSucceed(keyed, "key HMAC");
  for (const part of data) {
    const result = part instanceof Secret
      ? EVP_MAC_update_at(context, part.address, part.length)
      : EVP_MAC_update(context, part, part.length);
    mustSucceed(result, "compute HMAC");
  }
  return context;
}

const dummyKey = new Uint8Array(32);
