import { EncodeError } from "./errors.ts";

/** Bytes as a string with one character (U+0000 to U+00FF) for each: loses nothing, reads well where it is ASCII. */
export function latin1FromBytes(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** The bytes of such a string. Throws EncodeError for a character over U+00FF. */
export function bytesFromLatin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code > 0xff) throw new EncodeError(`Cannot write character ${index} of a string: it is not one byte`);
    bytes[index] = code;
  }
  return bytes;
}
