import { parsePkcs11Uri, Pkcs11UriError } from "../../token/uri.ts";
import type { KeyEntity } from "../entities/key.ts";
import type { Change, RegistryState } from "../registry.ts";

/** A key stays what it was, is known by one name, and a destroyed one stays destroyed. */
export function* keyProblems(
  before: RegistryState,
  after: RegistryState,
  changes: readonly Change[],
): Iterable<string> {
  for (const change of changes) {
    if (change.kind === "authority" && "put" in change) {
      yield* uriProblems(change.put.name, change.put.keyUri);
    }
    if (change.kind !== "key") continue;
    if ("remove" in change) yield* removalProblems(before, change.remove);
    else yield* changeProblems(before.get("key", change.put.name), change.put);
  }
  yield* repetitions(after);
  for (const { serverName, key } of after.list("challenge")) {
    if (after.get("key", key)?.state !== "active") {
      yield `the challenge for ${serverName} needs the active key ${key}`;
    }
  }
}

function* changeProblems(former: KeyEntity | undefined, key: KeyEntity): Iterable<string> {
  for (const uri of [key.uri, ...key.copies ?? []]) yield* uriProblems(key.name, uri);
  if (former === undefined) return;
  if (former.subjectKeyIdentifier !== key.subjectKeyIdentifier || former.algorithm !== key.algorithm) {
    yield `${key.name} is another key already; give a new key a new name`;
  }
  if (former.state === "destroyed" && key.state !== "destroyed") yield `the key ${key.name} was destroyed`;
}

function* removalProblems(before: RegistryState, name: string): Iterable<string> {
  if (before.get("key", name)?.state === "destroyed") {
    yield `the record of the destroyed key ${name} stays, so that the past can be read`;
  }
}

function* uriProblems(name: string, uri: string): Iterable<string> {
  try {
    const { object, id, modulePath, pinSource } = parsePkcs11Uri(uri);
    if (object === undefined && id === undefined) yield `the URI of ${name} has neither object nor id`;
    if (modulePath !== undefined || pinSource !== undefined) {
      yield `the URI of ${name} has module-path or pin-source, which are the configuration's`;
    }
  } catch (error) {
    if (!(error instanceof Pkcs11UriError)) throw error;
    yield `the URI of ${name} cannot be used: ${error.message}`;
  }
}

function* repetitions(after: RegistryState): Iterable<string> {
  const names = new Map<string, string>();
  for (const { name, subjectKeyIdentifier, state } of after.list("key")) {
    if (state === "destroyed") continue;
    const other = names.get(subjectKeyIdentifier);
    if (other !== undefined) yield `${name} is the same key as ${other}`;
    names.set(subjectKeyIdentifier, name);
  }
}
