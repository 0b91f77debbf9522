import { KeylessError } from "../shared/keyless_protocol/errors.ts";
import type { OperationName } from "../shared/keyless_protocol/operations.ts";
import { type KeyCopy, releaseKeyCopy } from "./key_copy.ts";
import { TokenError } from "./token/errors.ts";
import type { PublicKey } from "./token/public_key.ts";
import type { RsaDecryption } from "./token/rsa_decryption.ts";

/**
 * A key that the server answers for, in one token or in several side by side: each request goes to the copy that works and has
 * least to do, and to the next when that one fails.
 */
export class ServedKey {
  readonly name: string;
  readonly purposes: ReadonlySet<OperationName>;
  readonly publicKey: PublicKey;
  readonly #copies: KeyCopy[];
  /** Those whose token failed, until a probe passes. */
  readonly #failing = new WeakSet<KeyCopy>();
  /** Requests that each copy has. */
  readonly #inFlight = new WeakMap<KeyCopy, number>();
  readonly #onFailure: () => void;

  /** `onFailure` is told when a copy fails, also when another one answers in its place. */
  constructor(name: string, purposes: Iterable<OperationName>, first: KeyCopy, onFailure: () => void) {
    this.name = name;
    this.purposes = new Set(purposes);
    this.publicKey = first.tokenKey.publicKey;
    this.#copies = [first];
    this.#onFailure = onFailure;
  }

  get copies(): readonly KeyCopy[] {
    return this.#copies;
  }

  /** Those that any copy has been proved to sign by. */
  get signatureSchemes(): number[] {
    return [...new Set(this.#copies.flatMap(({ tokenKey }) => tokenKey.signatureSchemes))];
  }

  /** The same key in another token; the public halves have been compared. */
  add(copy: KeyCopy): void {
    this.#copies.push(copy);
  }

  /** As TokenKey.sign. */
  async sign(signatureScheme: number, content: Uint8Array, isLate: () => boolean): Promise<Uint8Array> {
    const able = this.#copies.filter(({ tokenKey }) => tokenKey.signatureSchemes.includes(signatureScheme));
    if (able.length === 0) throw new KeylessError("bad-request", "the key cannot use the signature scheme");
    return await this.#byOne(able, ({ tokenKey }) => tokenKey.sign(signatureScheme, content, isLate), isLate);
  }

  /** An exchange by a copy that decrypts, as RsaDecryption.use. */
  async decrypt<T>(exchange: (decryption: RsaDecryption) => Promise<T>, isLate: () => boolean): Promise<T> {
    const able = this.#copies.filter(({ decryption }) => decryption !== undefined);
    return await this.#byOne(able, ({ decryption }) => decryption!.use(() => exchange(decryption!)), isLate);
  }

  /** What a probe of a copy has shown. */
  probed(copy: KeyCopy, ok: boolean): void {
    if (ok) this.#failing.delete(copy);
    else this.#failing.add(copy);
  }

  /** Nothing new begins with it; what is under way is answered. */
  release(): void {
    for (const copy of this.#copies) releaseKeyCopy(copy);
  }

  async #byOne<T>(
    able: readonly KeyCopy[],
    use: (copy: KeyCopy) => Promise<T>,
    isLate: () => boolean,
  ): Promise<T> {
    if (able.length === 1) return await use(able[0]!);
    let failure: unknown;
    for (const copy of this.#inOrder(able)) {
      try {
        return await this.#counted(copy, use);
      } catch (error) {
        if (!(error instanceof TokenError) || isLate()) throw error;
        this.#failing.add(copy);
        this.#onFailure();
        failure = error;
      }
    }
    throw failure;
  }

  async #counted<T>(copy: KeyCopy, use: (copy: KeyCopy) => Promise<T>): Promise<T> {
    this.#inFlight.set(copy, this.#loadOf(copy) + 1);
    try {
      return await use(copy);
    } finally {
      this.#inFlight.set(copy, this.#loadOf(copy) - 1);
    }
  }

  #loadOf(copy: KeyCopy): number {
    return this.#inFlight.get(copy) ?? 0;
  }

  #inOrder(copies: readonly KeyCopy[]): KeyCopy[] {
    const rank = (copy: KeyCopy) => !copy.tokenKey.token.isUsable ? 2 : this.#failing.has(copy) ? 1 : 0;
    return copies.toSorted((a, b) => rank(a) - rank(b) || this.#loadOf(a) - this.#loadOf(b));
  }
}
