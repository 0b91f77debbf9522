import { HoldfastError } from "../../shared/errors.ts";

/** A PKCS#11 call failed, or the token is not as it was said to be. `returnValue` is CKR_... where there is one. */
export class TokenError extends HoldfastError {
  readonly returnValue: string | undefined;

  constructor(message: string, returnValue?: string, options?: ErrorOptions) {
    super("token-failure", message, options);
    this.returnValue = returnValue;
  }
}

/** What pkcs11js throws, in its three shapes, has CKR_NAME:number somewhere in its words. */
function returnValueOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  return /CKR_[A-Z0-9_]+/.exec(error.message)?.[0] ?? /CKR_[A-Z0-9_]+/.exec(error.stack ?? "")?.[0];
}

/** Turns whatever pkcs11js threw into a TokenError; `intent` completes "Cannot ...". */
export function tokenError(intent: string, error: unknown): TokenError {
  if (error instanceof TokenError) return error;
  const returnValue = returnValueOf(error);
  const why = returnValue ?? (error instanceof Error ? error.message : "unknown failure");
  return new TokenError(`Cannot ${intent}: ${why}`, returnValue);
}

/** Runs a PKCS#11 call and throws only TokenError. */
export async function calling<T>(intent: string, call: () => Promise<T> | T): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw tokenError(intent, error);
  }
}

/** Answers after which the session, or the whole token, has to be opened anew before anything works. */
const sessionLost = new Set([
  "CKR_SESSION_HANDLE_INVALID",
  "CKR_SESSION_CLOSED",
  "CKR_KEY_HANDLE_INVALID",
  "CKR_OBJECT_HANDLE_INVALID",
  "CKR_USER_NOT_LOGGED_IN",
  "CKR_DEVICE_ERROR",
  "CKR_DEVICE_REMOVED",
  "CKR_TOKEN_NOT_PRESENT",
  "CKR_TOKEN_NOT_RECOGNIZED",
  "CKR_CRYPTOKI_NOT_INITIALIZED",
  "CKR_GENERAL_ERROR",
]);

/** Whether opening the token anew may mend this. */
export function mayBeMendedByReopening(error: unknown): boolean {
  return error instanceof TokenError && error.returnValue !== undefined && sessionLost.has(error.returnValue);
}
