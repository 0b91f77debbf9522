import type { Handle, PKCS11 } from "pkcs11js";
import { calling, TokenError } from "./errors.ts";
import { type KeySelector, listPrivateKeys, listPublicKeys, readPublicKey } from "./key_finder.ts";

/**
 * Destroys both halves of a key in a read-write session that is logged in, and makes sure that they are gone. Nothing there:
 * that was done before. Throws TokenError, and destroys nothing, when a key under that name is not the one with
 * `subjectKeyIdentifier`; without it every key under the name goes.
 */
export function destroyKeyPair(
  calls: PKCS11,
  session: Handle,
  selector: KeySelector,
  subjectKeyIdentifier?: Uint8Array,
): void {
  const find = () => [
    ...listPrivateKeys(calls, session, selector),
    ...listPublicKeys(calls, session, selector),
  ];
  const objects = find();
  if (subjectKeyIdentifier !== undefined) {
    const wanted = subjectKeyIdentifier.toHex();
    for (const object of objects) {
      if (readPublicKey(calls, session, object).subjectKeyIdentifier.toHex() === wanted) continue;
      throw new TokenError("Cannot destroy the key: the token has another one under its name");
    }
  }
  // The private half first: what a crash leaves is the public one, by which the next attempt knows the key.
  destroyObjects(calls, session, objects);
  if (find().length > 0) throw new TokenError("Cannot destroy the key: the token still shows it");
}

/** C_DestroyObject on each, in order. Throws TokenError. */
export function destroyObjects(calls: PKCS11, session: Handle, objects: readonly Handle[]): void {
  for (const object of objects) calling("destroy a key", () => calls.C_DestroyObject(session, object));
}
