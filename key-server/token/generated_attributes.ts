import pkcs11js, { type Handle } from "pkcs11js";
import { TokenError } from "./errors.ts";
import { readFlag } from "./key_finder.ts";
import type { TokenCalls } from "./token_calls.ts";

/**
 * Holds the token's word about a key that it has just generated against what was asked: that it cannot leave the token,
 * never could, was made there, and does what it is for. Throws TokenError with every attribute that is otherwise.
 */
export async function checkGeneratedKey(
  calls: TokenCalls,
  session: Handle,
  privateKey: Handle,
  decrypts: boolean,
): Promise<void> {
  const expected: readonly [string, number, boolean][] = [
    ["CKA_SENSITIVE", pkcs11js.CKA_SENSITIVE, true],
    ["CKA_ALWAYS_SENSITIVE", pkcs11js.CKA_ALWAYS_SENSITIVE, true],
    ["CKA_EXTRACTABLE", pkcs11js.CKA_EXTRACTABLE, false],
    ["CKA_NEVER_EXTRACTABLE", pkcs11js.CKA_NEVER_EXTRACTABLE, true],
    ["CKA_LOCAL", pkcs11js.CKA_LOCAL, true],
    ["CKA_SIGN", pkcs11js.CKA_SIGN, true],
  ];
  // A token that knows of no decryption with a curve's key may have no such attribute there.
  const decrypt = await readFlag(calls, session, privateKey, pkcs11js.CKA_DECRYPT) ?? false;
  const wrong = decrypt === decrypts ? [] : [`CKA_DECRYPT is not ${decrypts}`];
  for (const [name, type, value] of expected.toReversed()) {
    if (await readFlag(calls, session, privateKey, type) !== value) wrong.unshift(`${name} is not ${value}`);
  }
  if (wrong.length > 0) throw new TokenError(`Cannot keep the generated key: ${wrong.join(", ")}`);
}
