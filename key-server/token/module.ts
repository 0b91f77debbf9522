import pkcs11js, { type PKCS11 } from "pkcs11js";
import { calling } from "./errors.ts";

/**
 * A PKCS#11 module (a vendor's shared object), initialised once in the process for all of its tokens.
 *
 * Disposing it calls C_Finalize, always: a TPM's module leaks contexts into the TPM otherwise. Nothing may be in
 * flight then.
 */
export class Pkcs11Module implements Disposable {
  readonly path: string;
  readonly calls: PKCS11;
  /** Tokens that are open in this module: what befalls the module befalls them all. */
  tokens = 0;
  #finalized = false;

  private constructor(path: string, calls: PKCS11) {
    this.path = path;
    this.calls = calls;
  }

  /** Loads the shared object. Throws TokenError. */
  static load(path: string): Pkcs11Module {
    const calls = new pkcs11js.PKCS11();
    calling(`load the PKCS#11 module ${path}`, () => calls.load(path));
    const module = new Pkcs11Module(path, calls);
    module.#initialise();
    return module;
  }

  /**
   * Starts the module afresh, which some need before they see a token again that was away. Nothing may be in flight
   * in any of its tokens, and all their sessions are gone afterwards. Throws TokenError.
   */
  restart(): void {
    try {
      this.calls.C_Finalize();
    } catch {
      // It may have lost itself together with the token; C_Initialize tells.
    }
    this.#initialise();
  }

  /** C_SignAsync calls from threads of its own, so the module has to lock. */
  #initialise(): void {
    const options = { flags: pkcs11js.CKF_OS_LOCKING_OK };
    calling(`initialise the PKCS#11 module ${this.path}`, () => this.calls.C_Initialize(options));
  }

  [Symbol.dispose](): void {
    if (this.#finalized) return;
    this.#finalized = true;
    calling(`finalise the PKCS#11 module ${this.path}`, () => this.calls.C_Finalize());
  }
}
