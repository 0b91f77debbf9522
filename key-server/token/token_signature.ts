import { TokenError } from "./errors.ts";
import type { PublicKey } from "./public_key.ts";

/** Bytes of C_Sign's output: RSA's is as long as the modulus (RFC 8017, Section 8), the others are two halves. */
function signatureLength({ verifier, keyBits }: PublicKey): number {
  const modulusBits = verifier.asymmetricKeyDetails?.modulusLength;
  return modulusBits === undefined ? 2 * Math.ceil(keyBits / 8) : Math.ceil(modulusBits / 8);
}

/** What C_Sign gave, when it can be a signature of the key. Throws TokenError for another length: an empty one, say. */
export function expectTokenSignature(output: Uint8Array, key: PublicKey): Uint8Array {
  const length = signatureLength(key);
  if (output.length === length) return output;
  throw new TokenError(
    `Cannot use the token's signature: it has ${output.length} bytes instead of ${length}`,
  );
}
