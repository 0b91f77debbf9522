import type { NameEntity } from "../../registry/entities/name.ts";
import type { RotationStep } from "../../registry/entities/rotation.ts";
import type { RegistryState } from "../../registry/registry.ts";
import { isServerNamePattern } from "../../server_names.ts";
import { AdminError, notFound } from "../errors.ts";
import type { Changed } from "../schemas/common.ts";
import type { ChangeName, CreateName, NameView } from "../schemas/names.ts";
import type { AdminServices } from "../services.ts";

export function listNames({ registry: { state } }: AdminServices): NameView[] {
  return state.list("name").map((name) => viewOfName(state, name));
}

export function getName({ registry: { state } }: AdminServices, name: string): NameView {
  const entity = state.get("name", name);
  if (entity === undefined) throw notFound("show a name", "name", name);
  return viewOfName(state, entity);
}

const ends: readonly RotationStep[] = ["done", "aborted", "rolled-back"];

/** Whether a rotation has come to one of its ends. */
export function hasEnded({ step }: { readonly step: RotationStep }): boolean {
  return ends.includes(step);
}

function viewOfName(
  state: RegistryState,
  { name, serverNames, ticketDomain, bindings }: NameEntity,
): NameView {
  const rotation = state.list("rotation").find((each) => each.name === name && !hasEnded(each));
  return {
    name,
    serverNames: serverNames ?? null,
    ticketDomain: ticketDomain ?? null,
    rotation: rotation?.id ?? null,
    bindings: bindings.map((binding) => {
      const key = state.get("key", binding.key)!;
      const certificate = binding.certificate && state.get("certificate", binding.certificate);
      return {
        ...binding,
        certificate: binding.certificate ?? null,
        algorithm: key.algorithm,
        keyState: key.state,
        notAfter: certificate ? certificate.notAfter : null,
      };
    }),
  };
}

/** Without host names it is one itself, where it reads like one. */
export function createName(
  { registry }: AdminServices,
  { name, serverNames, keys }: CreateName,
  author: string,
): NameView {
  if (registry.state.get("name", name) !== undefined) {
    throw new AdminError("conflict", `Cannot create the name ${name}: it is there already`);
  }
  const own = isServerNamePattern(name.toLowerCase()) ? [name.toLowerCase()] : undefined;
  const entity: NameEntity = {
    name,
    ...withServerNames(serverNames === undefined ? own : serverNames),
    bindings: keys.map((key) => ({ key, phase: "active" })),
  };
  registry.commit([{ kind: "name", put: entity }], { author, reason: `create the name ${name}` });
  return viewOfName(registry.state, entity);
}

/** Changes host names and keys. Throws `conflict` while a rotation is at work on them. */
export function changeName(
  { registry }: AdminServices,
  name: string,
  { serverNames, addKeys, removeKeys }: ChangeName,
  author: string,
): NameView {
  const before = registry.state.get("name", name);
  if (before === undefined) throw notFound("change a name", "name", name);
  if (addKeys.length + removeKeys.length > 0) {
    refuseDuringRotation(registry.state, name, "change the keys of");
  }
  const absent = removeKeys.find((key) => !before.bindings.some((binding) => binding.key === key));
  if (absent !== undefined) throw notFound(`change the name ${name}`, "key of it called", absent);
  const kept = before.bindings.filter(({ key }) => !removeKeys.includes(key));
  const added = addKeys.filter((key) => !kept.some((binding) => binding.key === key));
  const { serverNames: _former, ...rest } = before;
  const entity: NameEntity = {
    ...rest,
    ...withServerNames(serverNames === undefined ? before.serverNames : serverNames),
    bindings: [...kept, ...added.map((key) => ({ key, phase: "active" as const }))],
  };
  registry.commit([{ kind: "name", put: entity }], { author, reason: `change the name ${name}` });
  return viewOfName(registry.state, entity);
}

/** Edges serve it no more. Its keys, certificates and permissions for other names stay. */
export function deleteName({ registry }: AdminServices, name: string, author: string): Changed {
  const { state } = registry;
  if (state.get("name", name) === undefined) throw notFound("delete a name", "name", name);
  refuseDuringRotation(state, name, "delete");
  const permissions = state.list("permission").filter((permission) => permission.name === name);
  const version = registry.commit([
    ...permissions.map(({ id }) => ({ kind: "permission" as const, remove: id })),
    { kind: "name", remove: name },
  ], { author, reason: `delete the name ${name}` });
  return { version };
}

function withServerNames(serverNames: readonly string[] | null | undefined): Pick<NameEntity, "serverNames"> {
  return serverNames ? { serverNames: [...serverNames] } : {};
}

function refuseDuringRotation(state: RegistryState, name: string, intent: string): void {
  const rotation = state.list("rotation").find((each) => each.name === name && !hasEnded(each));
  if (rotation === undefined) return;
  throw new AdminError(
    "conflict",
    `Cannot ${intent} ${name}: its rotation ${rotation.id} is under way; end or abort it first`,
  );
}
