import { libcrypto } from "./bindings.ts";

/**
 * Whether two byte strings are equal, in a time that depends on their length only. The length itself is not hidden.
 * A secret is compared through its `bytes` view.
 */
export function constantTimeEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && libcrypto().CRYPTO_memcmp(a, b, a.length) === 0;
}
