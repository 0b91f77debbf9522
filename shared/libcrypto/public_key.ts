import { cString, libcrypto } from "./bindings.ts";

const names = { encodedPublicKey: cString("encoded-pub-key"), group: cString("group") };

/** An EVP_PKEY that is freed when disposed; a private half is zeroed by that. */
export class KeyHandle implements Disposable {
  #address: number;

  constructor(address: number) {
    this.#address = address;
  }

  /** The EVP_PKEY; throws once disposed. */
  get address(): number {
    if (this.#address === 0) throw new TypeError("Cannot use a key: it has been disposed");
    return this.#address;
  }

  [Symbol.dispose](): void {
    if (this.#address === 0) return;
    libcrypto().EVP_PKEY_free(this.#address);
    this.#address = 0;
  }
}

/** The public key in the form of its key exchange: a raw u-coordinate, or an uncompressed point. */
export function encodedPublicKey(key: number, length: number): Uint8Array<ArrayBuffer> | undefined {
  const output = new Uint8Array(length);
  const written = new BigUint64Array(1);
  const { EVP_PKEY_get_octet_string_param } = libcrypto();
  const result = EVP_PKEY_get_octet_string_param(key, names.encodedPublicKey, output, length, written);
  return result === 1 && Number(written[0]) === length ? output : undefined;
}

/** OpenSSL's name of an elliptic curve key's group, such as "prime256v1". */
export function groupName(key: number): string | undefined {
  const output = new Uint8Array(64);
  const written = new BigUint64Array(1);
  const { EVP_PKEY_get_utf8_string_param } = libcrypto();
  if (EVP_PKEY_get_utf8_string_param(key, names.group, output, output.length, written) !== 1) {
    return undefined;
  }
  return new TextDecoder().decode(output.subarray(0, Number(written[0])));
}
