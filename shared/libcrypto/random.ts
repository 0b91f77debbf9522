import type { LockedPool } from "../memory/locked_pool.ts";
import type { Secret } from "../memory/secret.ts";
import { libcrypto } from "./bindings.ts";
import { mustSucceed } from "./failure.ts";
import { ensureSecureHeap } from "./secure_heap.ts";

/** Unpredictable public bytes: hello randoms, session ids, nonces. At most 65536. */
export function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(length));
}

/** A new secret of random bytes, drawn by libcrypto's private generator straight into the pool. */
export function randomSecret(pool: LockedPool, length: number): Secret {
  ensureSecureHeap(); // the generator keeps its own state there
  const secret = pool.rent(length);
  try {
    mustSucceed(libcrypto().RAND_priv_bytes(secret.address, length), "draw a random secret");
    return secret;
  } catch (error) {
    secret[Symbol.dispose]();
    throw error;
  }
}
