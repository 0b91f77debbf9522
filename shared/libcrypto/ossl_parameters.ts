import { addressOf, cString } from "./bindings.ts";

const OSSL_PARAM_UTF8_STRING = 4;
const wordsOfOneParameter = 5; // key, data_type, data, data_size, return_size

/** An array of OSSL_PARAM (OpenSSL's manual page OSSL_PARAM(3)) with settings that OpenSSL reads during one call. */
export class OsslParameters {
  readonly #words: bigint[] = [];
  /** OSSL_PARAM holds addresses only: the bytes behind them have to stay reachable. */
  readonly #keptAlive: Uint8Array[] = [];

  /** Appends a string setting. */
  utf8(name: string, value: string): this {
    const text = cString(value);
    this.#words.push(
      this.#addressOf(cString(name)),
      BigInt(OSSL_PARAM_UTF8_STRING),
      this.#addressOf(text),
      BigInt(text.length - 1),
      0n,
    );
    return this;
  }

  /** The array with its terminator; valid while this object is reachable. */
  encode(): BigUint64Array<ArrayBuffer> {
    const encoded = new BigUint64Array(this.#words.length + wordsOfOneParameter);
    encoded.set(this.#words);
    return encoded;
  }

  #addressOf(bytes: Uint8Array<ArrayBuffer>): bigint {
    this.#keptAlive.push(bytes);
    return addressOf(bytes);
  }
}
