import { targetOf } from "../../registry/entity_state.ts";
import type { Change, HistoryEntry, RegistryState } from "../../registry/registry.ts";
import { type Entities, type EntityKind, entityKinds } from "../../registry/entities.ts";
import { idOf } from "../../registry/entity_state.ts";
import type { TicketDomainEntity } from "../../registry/entities/ticket_domain.ts";
import { nextEpoch } from "../../ticket_hub/epochs.ts";
import { readSnapshot } from "../../registry/sqlite/read_snapshot.ts";
import type { Restored } from "../schemas/registry.ts";
import type { AdminServices } from "../services.ts";

export function listHistory({ registry }: AdminServices, after: number, limit: number) {
  return registry.history(after, limit).map(({ at, changes, ...entry }: HistoryEntry) => ({
    ...entry,
    at: at.toISOString(),
    changes: changes.map((change) => ({ ...targetOf(change), ...change })),
  }));
}

/** The registry as a file of SQLite. No key and no secret is in it. */
export function backUp({ registry }: AdminServices): Uint8Array<ArrayBuffer> {
  return new Uint8Array(registry.snapshot());
}

/**
 * Brings entities back to what they were in a backup, as one transaction after all others: versions go on, and edges are
 * told. What ended meanwhile stays ended: destroyed keys, revoked edges, used tokens. Throws RegistryFileError.
 */
export function restore({ registry }: AdminServices, backup: Uint8Array, author: string): Restored {
  const wanted = readSnapshot(backup);
  const changes = changesTo(registry.state, wanted);
  const reason = `restore the backup of version ${wanted.version}`;
  const version = registry.commit(changes, { author, reason, expectedVersion: registry.state.version });
  return { version, backupVersion: wanted.version, changes: changes.length };
}

/** History is not undone: what these kinds have stays, whatever the backup knows. */
const neverRemoved: readonly EntityKind[] = ["certificate", "rotation", "enrolment-token"];

function changesTo(now: RegistryState, wanted: RegistryState): Change[] {
  return (Object.keys(entityKinds) as EntityKind[]).flatMap((kind) => changesOfKind(kind, now, wanted));
}

function changesOfKind<K extends EntityKind>(kind: K, now: RegistryState, wanted: RegistryState): Change[] {
  const puts = wanted.list(kind)
    .filter((entity) => {
      const present = now.get(kind, idOf(kind, entity));
      return !hasEnded(kind, present) && JSON.stringify(present) !== JSON.stringify(entity);
    })
    .map((entity) => ({ kind, put: broughtBack(now, kind, entity) }) as unknown as Change);
  const removals = neverRemoved.includes(kind) ? [] : now.list(kind)
    .filter((entity) => wanted.get(kind, idOf(kind, entity)) === undefined && !hasEnded(kind, entity))
    .map((entity) => ({ kind, remove: idOf(kind, entity) }) as Change);
  return [...puts, ...removals];
}

/** An epoch is never begun a second time: whoever was thrown out since the backup stays out. */
function broughtBack<K extends EntityKind>(now: RegistryState, kind: K, entity: Entities[K]): Entities[K] {
  if (kind !== "ticket-domain") return entity;
  const { name, epoch } = entity as TicketDomainEntity;
  const present = now.get("ticket-domain", name);
  return {
    ...entity,
    epoch: present === undefined ? nextEpoch({ name, epoch }) : Math.max(epoch, present.epoch),
  };
}

/** Whether there is no way back for it. */
function hasEnded(kind: EntityKind, entity: unknown): boolean {
  if (entity === undefined) return false;
  const { state } = entity as { readonly state?: string };
  return state === "destroyed" || state === "revoked" || kind === "enrolment-token" || kind === "rotation";
}
