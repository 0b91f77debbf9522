import type { Handle, PKCS11 } from "pkcs11js";
import { Secret } from "../../shared/memory/secret.ts";
import { TokenError } from "./errors.ts";
import { nativeLogin } from "./native_login.ts";

/** Reads the PIN from where it is kept: into locked memory, or, in tools, into bytes that are overwritten after use. */
export type ReadPin = () => Promise<Secret | Uint8Array>;

/** Answers that count towards the token's lock-out: trying again would lock it. */
const refusals = new Set([
  "CKR_PIN_INCORRECT",
  "CKR_PIN_INVALID",
  "CKR_PIN_LEN_RANGE",
  "CKR_PIN_EXPIRED",
  "CKR_PIN_LOCKED",
]);

/** Whether a login failed because of the PIN itself. */
export function isPinRefusal(error: unknown): boolean {
  return error instanceof TokenError && error.returnValue !== undefined && refusals.has(error.returnValue);
}

/**
 * Logs the process in as the token's user. The PIN is read now and overwritten right after; it is in no string and, in
 * the key server, never outside locked memory. Throws TokenError.
 */
export async function logIn(calls: PKCS11, session: Handle, readPin: ReadPin): Promise<void> {
  const pin = await readPin();
  try {
    nativeLogin(calls.libPath, session, pin);
  } catch (error) {
    const isIn = error instanceof TokenError && error.returnValue === "CKR_USER_ALREADY_LOGGED_IN";
    if (!isIn) throw error;
  } finally {
    if (pin instanceof Secret) pin[Symbol.dispose]();
    else pin.fill(0);
  }
}
