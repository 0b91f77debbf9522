import { concatenate } from "../../shared/codec/concatenate.ts";

/** The little DER that keys and signatures need; everything is written, nothing but r||s is read. */

export const derTag = { integer: 0x02, bitString: 0x03, octetString: 0x04, sequence: 0x30 } as const;

function derLength(length: number): number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return [0x80 | bytes.length, ...bytes];
}

/** One DER element: tag, length, contents. */
export function derElement(tag: number, ...contents: Uint8Array[]): Uint8Array {
  const header = [tag, ...derLength(contents.reduce((sum, part) => sum + part.length, 0))];
  return concatenate([new Uint8Array(header), ...contents]);
}

/** INTEGER from an unsigned big-endian number. */
export function derUnsignedInteger(number: Uint8Array): Uint8Array {
  let start = 0;
  while (start < number.length - 1 && number[start] === 0) start++;
  const digits = number.subarray(start);
  if (digits.length === 0) return derElement(derTag.integer, new Uint8Array(1));
  const signByte = new Uint8Array(digits[0]! >= 0x80 ? 1 : 0);
  return derElement(derTag.integer, signByte, digits);
}

/** BIT STRING of whole bytes. */
export function derBitString(bytes: Uint8Array): Uint8Array {
  return derElement(derTag.bitString, new Uint8Array(1), bytes);
}

/** PKCS#11's r||s, two halves of one length, as Ecdsa-Sig-Value (RFC 3279, Section 2.2.3). */
export function ecdsaSignatureToDer(rawSignature: Uint8Array): Uint8Array {
  const half = rawSignature.length / 2;
  const r = derUnsignedInteger(rawSignature.subarray(0, half));
  return derElement(derTag.sequence, r, derUnsignedInteger(rawSignature.subarray(half)));
}
