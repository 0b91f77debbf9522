import pkcs11js, { type Handle } from "pkcs11js";
import { KeylessError } from "../../shared/keyless_protocol/errors.ts";
import type { LockedPool } from "../../shared/memory/locked_pool.ts";
import type { Secret } from "../../shared/memory/secret.ts";
import { TokenError } from "./errors.ts";
import { findPrivateKey, type KeySelector, readFlag, readPublicKey } from "./key_finder.ts";
import type { PublicKey } from "./public_key.ts";
import { proveMethod, selfTest, type SelfTestResult } from "./capabilities.ts";
import type { SigningCost } from "./signing_cost.ts";
import type { SigningMethod } from "./signing_methods.ts";
import type { Token } from "./token.ts";
import { expectTokenSignature } from "./token_signature.ts";

/** What the token says a private key may be used for; undefined where it does not say. */
export interface KeyAttributes {
  readonly sign: boolean | undefined;
  readonly decrypt: boolean | undefined;
  readonly extractable: boolean | undefined;
  readonly sensitive: boolean | undefined;
}

/** A private key in a token. */
export class TokenKey {
  readonly publicKey: PublicKey;
  readonly attributes: KeyAttributes;
  readonly #token: Token;
  readonly #selector: KeySelector;
  /** Undefined while the token does not have the key: a handle from before might be another object's by now. */
  #handle: Handle | undefined;
  #tested: SelfTestResult = { methods: new Map(), refused: [] };
  #cost: SigningCost | undefined;
  #measured: Promise<void> = Promise.resolve();

  private constructor(
    token: Token,
    selector: KeySelector,
    handle: Handle,
    publicKey: PublicKey,
    attributes: KeyAttributes,
  ) {
    this.#token = token;
    this.#selector = selector;
    this.#handle = handle;
    this.publicKey = publicKey;
    this.attributes = attributes;
  }

  /** Use Token.loadKey. */
  static async load(token: Token, selector: KeySelector): Promise<TokenKey> {
    const { calls, session } = token;
    const handle = await findPrivateKey(calls, session, selector);
    const publicKey = await readPublicKey(calls, session, handle);
    const flag = (type: number) => readFlag(calls, session, handle, type);
    const key = new TokenKey(token, selector, handle, publicKey, {
      sign: await flag(pkcs11js.CKA_SIGN),
      decrypt: await flag(pkcs11js.CKA_DECRYPT),
      extractable: await flag(pkcs11js.CKA_EXTRACTABLE),
      sensitive: await flag(pkcs11js.CKA_SENSITIVE),
    });
    key.#tested = await selfTest(publicKey, (method, content) => key.#tryBy(method, content));
    key.#measured = key.#measureCost();
    return key;
  }

  /** Resolves once it is known what a signature costs, which decides where the next ones are made. Never rejects. */
  get measured(): Promise<void> {
    return this.#measured;
  }

  get token(): Token {
    return this.#token;
  }

  /** What the self-test found refused. */
  get refused(): SelfTestResult["refused"] {
    return this.#tested.refused;
  }

  /** How the self-test has proved each scheme. */
  get methods(): SelfTestResult["methods"] {
    return this.#tested.methods;
  }

  /** The schemes that the self-test has proved. */
  get signatureSchemes(): number[] {
    return [...this.#tested.methods.keys()];
  }

  /**
   * Signs `content`, which is hashed here as the scheme says. `isLate` is asked before the token's work begins.
   * Throws KeylessError for a scheme that this key cannot do, TokenError when the token fails.
   */
  async sign(signatureScheme: number, content: Uint8Array, isLate: () => boolean): Promise<Uint8Array> {
    const method = this.#tested.methods.get(signatureScheme);
    if (method === undefined) {
      throw new KeylessError("bad-request", "the key cannot use the signature scheme");
    }
    return await this.#signBy(method, content, isLate);
  }

  /** Raw RSA into a new block of `memory`, as long as the modulus; the ciphertext is so too. The caller owns it. */
  async decryptRaw(ciphertext: Uint8Array, memory: LockedPool, isLate: () => boolean): Promise<Secret> {
    const pool = await this.#token.openedPool();
    return await pool.decryptRaw(this.#known, ciphertext, memory, isLate);
  }

  /** Signs and verifies one probe by the first working method; looks for a key that was gone. Throws what failed. */
  async probe(): Promise<void> {
    if (this.#handle === undefined) await this.findAgain();
    const [method] = this.#tested.methods.values();
    if (method === undefined) throw new TokenError("Cannot probe the key: no signature scheme works with it");
    await proveMethod(method, this.publicKey, (by, content) => this.#tryBy(by, content));
  }

  /**
   * After the token was opened anew: handles have changed. Refuses another key under the same name. When it throws,
   * the key cannot be used until it is found.
   */
  async findAgain(): Promise<void> {
    const { calls, session } = this.#token;
    this.#handle = undefined;
    const handle = await findPrivateKey(calls, session, this.#selector);
    const { subjectKeyIdentifier } = await readPublicKey(calls, session, handle);
    if (subjectKeyIdentifier.toHex() !== this.publicKey.subjectKeyIdentifier.toHex()) {
      throw new TokenError("Cannot find the key again: the token now has another one under its name");
    }
    this.#handle = handle;
  }

  /** Beside the first requests: whoever waits for a key server to start does not wait for this. */
  async #measureCost(): Promise<void> {
    const [method] = this.#tested.methods.values();
    if (method === undefined) return;
    const { keyType, keyBits } = this.publicKey;
    try {
      const input = method.prepare(new Uint8Array(1), keyBits);
      this.#cost = await this.#token.signingCost(`${keyType} ${keyBits}`, this.#known, input);
    } catch {
      // The token failed, or is being closed: signatures go on being made as they are.
    }
  }

  async #signBy(
    method: SigningMethod,
    content: Uint8Array,
    isLate: () => boolean,
  ): Promise<Uint8Array> {
    const input = method.prepare(content, this.publicKey.keyBits);
    const pool = await this.#token.openedPool();
    const output = await pool.sign(this.#known, input, isLate, this.#cost);
    return method.finish(expectTokenSignature(output, this.publicKey));
  }

  /** As `#signBy`, also while the token hangs. */
  async #tryBy(method: SigningMethod, content: Uint8Array): Promise<Uint8Array> {
    const input = method.prepare(content, this.publicKey.keyBits);
    const output = await this.#token.pool.trySign(this.#known, input);
    return method.finish(expectTokenSignature(output, this.publicKey));
  }

  get #known(): Handle {
    if (this.#handle === undefined) {
      throw new TokenError("Cannot use the key: it is not in its token any more");
    }
    return this.#handle;
  }
}
