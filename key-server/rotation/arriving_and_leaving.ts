import { HoldfastError } from "../../shared/errors.ts";
import type { KeyEntity } from "../registry/entities/key.ts";
import type { NameEntity } from "../registry/entities/name.ts";
import type { RotationEntity } from "../registry/entities/rotation.ts";
import type { Change, RegistryState } from "../registry/registry.ts";

/** A key with its certificate. */
export type Credential = RotationEntity["replaces"][number];

/** Something is missing that was there before, or should be. Code `rotation-state`. */
export class RotationStateError extends HoldfastError {
  constructor(reason: string) {
    super("rotation-state", `Cannot go on with the rotation: ${reason}`);
  }
}

function brought({ newKey, newCertificate }: RotationEntity): Credential[] {
  return newKey === undefined || newCertificate === undefined
    ? []
    : [{ key: newKey, certificate: newCertificate }];
}

/** What is to be served at the end. */
export function arriving(rotation: RotationEntity): readonly Credential[] {
  return rotation.ending === "done" ? brought(rotation) : rotation.replaces;
}

/** Keys that are to go in the end. */
export function leavingKeys({ ending, replaces, newKey }: RotationEntity): readonly string[] {
  if (ending === "done") return replaces.map(({ key }) => key);
  return newKey === undefined ? [] : [newKey];
}

/** Throws RotationStateError when the name was removed meanwhile. */
export function nameOf(state: RegistryState, { name }: RotationEntity): NameEntity {
  const entity = state.get("name", name);
  if (entity === undefined) throw new RotationStateError(`there is no name ${name} any more`);
  return entity;
}

/** The names that a certificate can have: "" stands for clients without SNI. */
export function certifiedNames(state: RegistryState, rotation: RotationEntity): readonly string[] {
  const names = nameOf(state, rotation).serverNames?.filter((serverName) => serverName !== "") ?? [];
  if (names.length === 0) throw new RotationStateError(`${rotation.name} has no host names to certify`);
  return names;
}

/** Throws RotationStateError when it was removed meanwhile. */
export function keyOf(state: RegistryState, name: string): KeyEntity {
  const key = state.get("key", name);
  if (key === undefined) throw new RotationStateError(`there is no key ${name} any more`);
  return key;
}

/** The new key, which a step before has made. */
export function newKeyOf(state: RegistryState, { newKey }: RotationEntity): KeyEntity {
  if (newKey === undefined) throw new RotationStateError("its new key was not made");
  return keyOf(state, newKey);
}

/** Keys put into a state; those that are in it already, or were removed, are left alone. */
export function keysInState(
  state: RegistryState,
  names: readonly string[],
  keyState: KeyEntity["state"],
  now: Date,
): Change[] {
  return names.flatMap((name) => {
    const key = state.get("key", name);
    if (key === undefined || key.state === keyState || key.state === "destroyed") return [];
    return [{ kind: "key", put: { ...key, state: keyState, stateSince: now.toISOString() } } as const];
  });
}
