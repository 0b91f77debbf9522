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
  const [r, s] = [integerAt(rawSignature, 0, half), integerAt(rawSignature, half, half)];
  const length = 2 + r.length + 2 + s.length;
  // Two integers of 66 bytes at most, P-521's: one byte for each of their lengths.
  const header = length < 0x80 ? 2 : 3;
  const der = new Uint8Array(header + length);
  der[0] = derTag.sequence;
  if (header === 3) der[1] = 0x81;
  der[header - 1] = length;
  writeInteger(der, header, r);
  writeInteger(der, header + 2 + r.length, s);
  return der;
}

/** The digits of an unsigned number without zeros in front, and how long they are as a signed one. */
interface Digits {
  readonly digits: Uint8Array;
  readonly length: number;
}

function integerAt(bytes: Uint8Array, start: number, size: number): Digits {
  const end = start + size;
  while (start < end - 1 && bytes[start] === 0) start++;
  const digits = bytes.subarray(start, end);
  return { digits, length: digits.length + (digits[0]! >= 0x80 ? 1 : 0) };
}

/** Writes into zeros: the sign byte is there already. */
function writeInteger(der: Uint8Array, at: number, { digits, length }: Digits): void {
  der[at] = derTag.integer;
  der[at + 1] = length;
  der.set(digits, at + 2 + length - digits.length);
}
