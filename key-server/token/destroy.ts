import type { Handle } from "pkcs11js";
import { calling, TokenError } from "./errors.ts";
import { type KeySelector, listPrivateKeys, listPublicKeys, readPublicKey } from "./key_finder.ts";
import type { TokenCalls } from "./token_calls.ts";

/**
 * Destroys both halves of a key in a read-write session that is logged in, and makes sure that they are gone. Nothing there:
 * that was done before. Throws TokenError, and destroys nothing, when a key under that name is not the one with
 * `subjectKeyIdentifier`; without it every key under the name goes.
 */
export async function destroyKeyPair(
  calls: TokenCalls,
  session: Handle,
  selector: KeySelector,
  subjectKeyIdentifier?: Uint8Array,
): Promise<void> {
  const find = async () => [
    ...await listPrivateKeys(calls, session, selector),
    ...await listPublicKeys(calls, session, selector),
  ];
  const objects = await find();
  if (subjectKeyIdentifier !== undefined) {
    const wanted = subjectKeyIdentifier.toHex();
    for (const object of objects) {
      const { subjectKeyIdentifier: found } = await readPublicKey(calls, session, object);
      if (found.toHex() === wanted) continue;
      throw new TokenError("Cannot destroy the key: the token has another one under its name");
    }
  }
  // The private half first: what a crash leaves is the public one, by which the next attempt knows the key.
  await destroyObjects(calls, session, objects);
  if ((await find()).length > 0) throw new TokenError("Cannot destroy the key: the token still shows it");
}

/** C_DestroyObject on each, in order. Throws TokenError. */
export async function destroyObjects(
  calls: TokenCalls,
  session: Handle,
  objects: readonly Handle[],
): Promise<void> {
  for (const object of objects) {
    await calling("destroy a key", () => calls.C_DestroyObject(session, object));
  }
}
