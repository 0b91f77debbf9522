import { libcrypto } from "./bindings.ts";
import { CertificateError } from "./errors.ts";
import { mustExist } from "./failure.ts";

/** The content bytes of an ASN1_STRING: a string, an integer's magnitude, a bit string's octets. */
export function asn1StringBytes(object: number | bigint): Uint8Array<ArrayBuffer> {
  const length = libcrypto().ASN1_STRING_length(object);
  const data = libcrypto().ASN1_STRING_get0_data(object);
  const bytes = new Uint8Array(Math.max(length, 0));
  if (data !== null && length > 0) Deno.UnsafePointerView.copyInto(data, bytes);
  return bytes;
}

/** An ASN1_TIME as a Date, to the second. */
export function asn1Time(object: number | bigint): Date {
  const fields = new Int32Array(16); // struct tm begins with sec, min, hour, mday, mon, year as int
  if (libcrypto().ASN1_TIME_to_tm(object, fields) !== 1) {
    throw new CertificateError("a time is not well-formed");
  }
  const [second, minute, hour, day, month, year] = fields;
  return new Date(Date.UTC(year! + 1900, month, day, hour, minute, second));
}

/** What a function writes to a memory BIO, as text. */
export function printed(print: (bio: number) => void): string {
  const bio = mustExist(libcrypto().BIO_new(libcrypto().BIO_s_mem()), "make a buffer for text");
  try {
    print(bio);
    const chunk = new Uint8Array(1024);
    const text: Uint8Array[] = [];
    for (;;) {
      const count = libcrypto().BIO_read(bio, chunk, chunk.length);
      if (count <= 0) break;
      text.push(chunk.slice(0, count));
    }
    return new TextDecoder().decode(new Uint8Array(text.flatMap((part) => [...part])));
  } finally {
    libcrypto().BIO_free(bio);
  }
}
