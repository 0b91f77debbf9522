import pkcs11js, { type PKCS11 } from "pkcs11js";
import { calling } from "./errors.ts";
import { nativeFinalise, nativeInitialise } from "./native_calls.ts";
import type { Token } from "./token.ts";

/**
 * A PKCS#11 module (a vendor's shared object), initialised once in the process for all of its tokens.
 *
 * Disposing it calls C_Finalize, always: a TPM's module leaks contexts into the TPM otherwise. Nothing may be in
 * flight then.
 */
export class Pkcs11Module implements AsyncDisposable {
  readonly path: string;
  readonly addon: PKCS11;
  /** Tokens that are open in this module: what befalls the module befalls them all. */
  readonly tokens = new Set<Token>();
  #finalized = false;

  private constructor(path: string, addon: PKCS11) {
    this.path = path;
    this.addon = addon;
  }

  /** Loads the shared object and initialises it: calls come from several threads, so it has to lock. Throws TokenError. */
  static async load(path: string): Promise<Pkcs11Module> {
    const addon = new pkcs11js.PKCS11();
    await calling(`load the PKCS#11 module ${path}`, () => addon.load(path));
    await nativeInitialise(path);
    return new Pkcs11Module(path, addon);
  }

  /**
   * Starts the module afresh, which some need before they see a token again that was away. Nothing may be in flight
   * in any of its tokens, and all their sessions are gone afterwards. Throws TokenError.
   */
  async restart(): Promise<void> {
    try {
      await nativeFinalise(this.path);
    } catch {
      // It may have lost itself together with the token; C_Initialize tells.
    }
    await nativeInitialise(this.path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#finalized) return;
    this.#finalized = true;
    await nativeFinalise(this.path);
  }
}
