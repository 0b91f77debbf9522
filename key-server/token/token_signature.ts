import { TokenError } from "./errors.ts";
import type { PublicKey } from "./public_key.ts";

const lengths = new WeakMap<PublicKey, number>();

/** Bytes of C_Sign's output: RSA's is as long as the modulus (RFC 8017, Section 8), the others are two halves. */
function signatureLength(key: PublicKey): number {
  const known = lengths.get(key);
  if (known !== undefined) return known;
  // A getter that parses the key each time: 4 us.
  const modulusBits = key.verifier.asymmetricKeyDetails?.modulusLength;
  const length = modulusBits === undefined ? 2 * Math.ceil(key.keyBits / 8) : Math.ceil(modulusBits / 8);
  lengths.set(key, length);
  return length;
}

/** What C_Sign gave, when it can be a signature of the key. Throws TokenError for another length: an empty one, say. */
export function expectTokenSignature(output: Uint8Array, key: PublicKey): Uint8Array {
  const length = signatureLength(key);
  if (output.length === length) return output;
  throw new TokenError(
    `Cannot use the token's signature: it has ${output.length} bytes instead of ${length}`,
  );
}
