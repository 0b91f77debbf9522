import { cString, libcrypto } from "./bindings.ts";
import { mustExist, mustSucceed } from "./failure.ts";

/** The hashes of TLS 1.2 and 1.3 and of certificate signatures (FIPS 180-4). */
export type HashName = "sha256" | "sha384" | "sha512";

/** Output length in bytes. */
export const hashLength: Readonly<Record<HashName, number>> = { sha256: 32, sha384: 48, sha512: 64 };

const opensslNames: Record<HashName | "sha1", string> = {
  sha1: "SHA1",
  sha256: "SHA256",
  sha384: "SHA384",
  sha512: "SHA512",
};

/** OpenSSL's name of a hash. */
export function opensslHashName(hash: HashName): string {
  return opensslNames[hash];
}

const fetched = new Map<string, number>();

/** The EVP_MD of a hash, fetched once: a fetch costs more than a short digest. SHA-1 serves key identifiers only. */
export function fetchDigest(hash: HashName | "sha1"): number {
  let algorithm = fetched.get(hash);
  if (algorithm === undefined) {
    const intent = `fetch ${hash}`;
    algorithm = mustExist(libcrypto().EVP_MD_fetch(0, cString(opensslNames[hash]), null), intent);
    fetched.set(hash, algorithm);
  }
  return algorithm;
}

let scratchContext: number | undefined;

/** One context for every digest that starts and ends within one call. */
function scratch(): number {
  return scratchContext ??= newContext();
}

function newContext(): number {
  return mustExist(libcrypto().EVP_MD_CTX_new(), "make a digest context");
}

/** The hash of the concatenation of `data`. Public data only: OpenSSL's heap keeps traces of its input. */
export function digest(hash: HashName, ...data: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const context = scratch();
  const { EVP_DigestInit_ex2, EVP_DigestUpdate } = libcrypto();
  mustSucceed(EVP_DigestInit_ex2(context, fetchDigest(hash), null), `start ${hash}`);
  for (const part of data) mustSucceed(EVP_DigestUpdate(context, part, part.length), `compute ${hash}`);
  return finish(context, hash);
}

function finish(context: number, hash: HashName): Uint8Array<ArrayBuffer> {
  const output = new Uint8Array(hashLength[hash]);
  mustSucceed(libcrypto().EVP_DigestFinal_ex(context, output, null), `finish ${hash}`);
  return output;
}

/**
 * A digest that grows with a transcript and can be read at every point of it. Public data only.
 *
 * It owns memory outside the JavaScript heap: dispose it. Use after that throws a TypeError.
 */
export class RunningDigest implements Disposable {
  readonly hash: HashName;
  #context: number;

  constructor(hash: HashName) {
    this.hash = hash;
    this.#context = newContext();
    mustSucceed(libcrypto().EVP_DigestInit_ex2(this.#context, fetchDigest(hash), null), `start ${hash}`);
  }

  /** Appends to what is hashed. */
  update(data: Uint8Array): void {
    mustSucceed(
      libcrypto().EVP_DigestUpdate(this.#live(), data, data.length),
      `compute ${this.hash}`,
    );
  }

  /** The hash of everything so far; the digest goes on. */
  snapshot(): Uint8Array<ArrayBuffer> {
    const copy = scratch();
    mustSucceed(libcrypto().EVP_MD_CTX_copy_ex(copy, this.#live()), `copy ${this.hash}`);
    return finish(copy, this.hash);
  }

  /** An independent digest of the same input so far. */
  clone(): RunningDigest {
    const other = new RunningDigest(this.hash);
    mustSucceed(libcrypto().EVP_MD_CTX_copy_ex(other.#context, this.#live()), `copy ${this.hash}`);
    return other;
  }

  [Symbol.dispose](): void {
    if (this.#context === 0) return;
    libcrypto().EVP_MD_CTX_free(this.#context);
    this.#context = 0;
  }

  #live(): number {
    if (this.#context === 0) throw new TypeError("Cannot use a digest: it has been disposed");
    return this.#context;
  }
}
