import type { Socket } from "node:net";
import type { Logger } from "../../../shared/log.ts";
import type { EdgeIdentity } from "../../edge_identity.ts";
import type { SqliteRegistry } from "../sqlite_registry.ts";
import { SourceSession } from "./source_session.ts";

/** Serves a follower's connection whose peer is authenticated. */
export type OpenReplication = (socket: Socket, peer: EdgeIdentity) => SourceSession;

/** Gives the registry's history to those with these identities, and to nobody else; undefined: there are none. */
export function replicationFor(
  registry: SqliteRegistry,
  followers: readonly string[],
  log: Logger,
): OpenReplication | undefined {
  if (followers.length === 0) return undefined;
  return (socket, peer) => {
    const session = new SourceSession(socket, peer, registry, log);
    if (!followers.includes(peer.name)) session.refuse(`${peer.name} is not one of the primary's followers`);
    return session;
  };
}
