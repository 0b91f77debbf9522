import pkcs11js, { type Handle, type PKCS11 } from "pkcs11js";
import { TokenError, tokenError } from "./errors.ts";

/** Reads the PIN from where it is kept, as bytes that the caller overwrites. */
export type ReadPin = () => Promise<Uint8Array>;

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
 * Logs the process in as the token's user. The PIN is read now and overwritten right after; the addon takes it as
 * a string, the one secret of this project that becomes one (key-server/DESIGN.md). Throws TokenError.
 */
export async function logIn(calls: PKCS11, session: Handle, readPin: ReadPin): Promise<void> {
  const pin = await readPin();
  try {
    calls.C_Login(session, pkcs11js.CKU_USER, new TextDecoder("utf-8", { fatal: true }).decode(pin));
  } catch (error) {
    const failure = tokenError("log in to the token", error);
    if (failure.returnValue !== "CKR_USER_ALREADY_LOGGED_IN") throw failure;
  } finally {
    pin.fill(0);
  }
}
