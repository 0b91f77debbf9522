import pkcs11js, { type Handle } from "pkcs11js";
import { constantTimeEqual } from "../../shared/libcrypto/constant_time.ts";
import { Secret } from "../../shared/memory/secret.ts";
import { calling, TokenError } from "./errors.ts";
import { nativeLogin } from "./native_calls.ts";
import type { TokenCalls } from "./token_calls.ts";

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
 * Logs in to one token, and never twice with a PIN that it has refused: a few tries would lock it. A PIN that was changed
 * where it is kept is another one.
 */
export class Login implements Disposable {
  readonly #modulePath: string;
  readonly #readPin: ReadPin;
  #refused: Secret | Uint8Array | undefined;

  constructor(modulePath: string, readPin: ReadPin) {
    this.#modulePath = modulePath;
    this.#readPin = readPin;
  }

  /**
   * Logs the process in as the token's user. The PIN is read now and overwritten right after; it is in no string and, in
   * the key server, never outside locked memory. Throws TokenError.
   */
  async logIn(calls: TokenCalls, slot: Handle, session: Handle): Promise<void> {
    await refuseLastTry(calls, slot);
    const pin = await this.#readPin();
    let refused = false;
    try {
      if (this.#isRefused(pin)) {
        throw new TokenError(
          "Cannot log in to the token: it refused this PIN, and another try might lock it; it is tried again once it is another one",
          "CKR_PIN_INCORRECT",
        );
      }
      await nativeLogin(this.#modulePath, session, pin);
    } catch (error) {
      const isIn = error instanceof TokenError && error.returnValue === "CKR_USER_ALREADY_LOGGED_IN";
      refused = isPinRefusal(error) && !this.#isRefused(pin);
      if (!isIn) throw error;
    } finally {
      if (refused) this.#remember(pin);
      else wipe(pin);
    }
    this[Symbol.dispose]();
  }

  /** Forgets the PIN that was refused. */
  [Symbol.dispose](): void {
    if (this.#refused !== undefined) wipe(this.#refused);
    this.#refused = undefined;
  }

  #isRefused(pin: Secret | Uint8Array): boolean {
    return this.#refused !== undefined && constantTimeEqual(bytesOf(pin), bytesOf(this.#refused));
  }

  #remember(pin: Secret | Uint8Array): void {
    this[Symbol.dispose]();
    this.#refused = pin;
  }
}

/** What the token itself says of the tries that are left; whoever restarts us again and again must not use them up. */
async function refuseLastTry(calls: TokenCalls, slot: Handle): Promise<void> {
  const { flags } = await calling("read the token", () => calls.C_GetTokenInfo(slot));
  if ((flags & pkcs11js.CKF_USER_PIN_LOCKED) !== 0) {
    throw new TokenError("Cannot log in to the token: its PIN is locked", "CKR_PIN_LOCKED");
  }
  if ((flags & pkcs11js.CKF_USER_PIN_FINAL_TRY) !== 0) {
    throw new TokenError(
      "Cannot log in to the token: one more wrong PIN would lock it; log in once with the right one by another tool",
      "CKR_PIN_INCORRECT",
    );
  }
}

function bytesOf(pin: Secret | Uint8Array): Uint8Array {
  return pin instanceof Secret ? pin.bytes : pin;
}

function wipe(pin: Secret | Uint8Array): void {
  if (pin instanceof Secret) pin[Symbol.dispose]();
  else pin.fill(0);
}
