import { libcrypto } from "./bindings.ts";
import { LibcryptoError } from "./errors.ts";

/** An error for a call that failed, with the reason from OpenSSL's error queue, which it empties. */
export function libcryptoFailure(intent: string): LibcryptoError {
  return new LibcryptoError(intent, drainErrorQueue());
}

/** The oldest entry of OpenSSL's error queue in words; the queue is empty afterwards. */
export function drainErrorQueue(): string {
  const code = libcrypto().ERR_get_error();
  libcrypto().ERR_clear_error();
  if (code === 0n) return "libcrypto states no reason";
  const text = new Uint8Array(256);
  libcrypto().ERR_error_string_n(code, text, text.length);
  return new TextDecoder().decode(text.subarray(0, text.indexOf(0)));
}

/** Throws unless an OpenSSL call returned 1. */
export function mustSucceed(result: number, intent: string): void {
  if (result !== 1) throw libcryptoFailure(intent);
}

/** An object address from a call that returns NULL on failure. */
export function mustExist(object: bigint, intent: string): number {
  if (object === 0n) throw libcryptoFailure(intent);
  return Number(object);
}
