import { createHash } from "node:crypto";
import type { ServedName, TaggedName } from "../../shared/control_protocol/served_name.ts";
import type { RegistryState } from "../registry/registry.ts";
import type { NameEntity } from "../registry/entities/name.ts";
import { permitsName } from "../server_names.ts";
import type { EdgePermission } from "./edge_permissions.ts";

/** What an edge with this permission is sent of a name; undefined when there is no such name. */
export function servedName(
  state: RegistryState,
  name: string,
  permission: EdgePermission,
): TaggedName | undefined {
  const entity = state.get("name", name);
  if (entity === undefined) return undefined;
  const serverNames = permission.serverNames ?? entity.serverNames;
  const content: ServedName = {
    name,
    certificates: certificatesOf(state, entity),
    challenges: challengesOf(state, serverNames ?? []),
    operations: [...permission.operations],
    transcript: permission.transcript,
    ...(serverNames === undefined ? {} : { serverNames: serverNames.filter((pattern) => pattern !== "") }),
    ...(entity.ticketDomain === undefined ? {} : { ticketDomain: entity.ticketDomain }),
  };
  // Only clients without SNI are permitted: the certificates' names lead there.
  if (content.serverNames?.length === 0) delete content.serverNames;
  return { tag: tagOf(state, content), content };
}

/** Names whose content a challenge for a server name is part of. */
export function namesWithServerName(state: RegistryState, serverName: string): string[] {
  return state.list("name")
    .filter(({ serverNames }) => serverNames?.some((pattern) => permitsName(pattern, serverName)))
    .map(({ name }) => name);
}

/** Draining ones are served to nobody. */
function certificatesOf(state: RegistryState, { bindings }: NameEntity): ServedName["certificates"] {
  return bindings.flatMap(({ certificate, phase }) => {
    const entity = certificate === undefined ? undefined : state.get("certificate", certificate);
    if (entity === undefined || phase === "draining") return [];
    return [{ id: entity.id, chain: entity.chain, phase }];
  });
}

function challengesOf(state: RegistryState, serverNames: readonly string[]): ServedName["challenges"] {
  return state.list("challenge")
    .filter(({ serverName }) => serverNames.some((pattern) => permitsName(pattern, serverName)))
    .map(({ serverName, certificate }) => ({ serverName, certificate }));
}

/** Of the content; a chain, which never changes while it is in, goes in by the version that put it there. */
function tagOf(state: RegistryState, content: ServedName): string {
  const certificates = content.certificates.map(({ id, phase }) => {
    return [id, phase, state.versioned("certificate", id)?.version];
  });
  const parts = JSON.stringify({ ...content, certificates });
  return createHash("sha256").update(parts).digest("hex").slice(0, 32);
}
