import { maximumNames } from "../../shared/control_protocol/edge_messages.ts";
import { ControlProtocolError } from "../../shared/control_protocol/errors.ts";
import type { TaggedName } from "../../shared/control_protocol/served_name.ts";
import type { Update } from "../../shared/control_protocol/server_messages.ts";
import { type UpdateHeader, updateParts } from "../../shared/control_protocol/update_parts.ts";

/** What an edge was told, at one version. Never changes: an update makes a new one. */
export interface ControlDocument {
  /** "" before anything has come. */
  readonly lineage: string;
  readonly version: number;
  /** By name. */
  readonly names: ReadonlyMap<string, TaggedName>;
}

export const emptyDocument: ControlDocument = { lineage: "", version: 0, names: new Map() };

/** All parts of an update together. */
export interface WholeUpdate extends UpdateHeader {
  readonly put: readonly TaggedName[];
  readonly remove: readonly string[];
}

/** What an update means to whoever holds a document (PROTOCOL.md, "Updates"). */
export type Judgement = "newer" | "known" | "older-lineage" | "gap";

/**
 * An edge is never taken back: only a newer version of its lineage is newer, or a newer lineage whole. A registry in which
 * nothing was ever written (a replica before it has reached its primary) says nothing.
 */
export function judge(held: ControlDocument, { lineage, version, from }: UpdateHeader): Judgement {
  if (version === 0) return "known";
  if (lineage < held.lineage) return "older-lineage";
  if (lineage > held.lineage) return from === 0 ? "newer" : "gap";
  if (version <= held.version) return "known";
  return from <= held.version ? "newer" : "gap";
}

/** The document after a newer update. Throws ControlProtocolError when it would have too many names. */
export function withUpdate(held: ControlDocument, update: WholeUpdate): ControlDocument {
  const names = new Map(update.from === 0 ? [] : held.names);
  for (const name of update.remove) names.delete(name);
  for (const tagged of update.put) names.set(tagged.content.name, tagged);
  if (names.size > maximumNames) {
    throw new ControlProtocolError(
      `Cannot take an update: it leaves ${names.size} names, over ${maximumNames}`,
    );
  }
  return { lineage: update.lineage, version: update.version, names };
}

/** The whole document as parts of one update. */
export function documentParts({ lineage, version, names }: ControlDocument): Iterable<Update> {
  return updateParts({ lineage, version, from: 0 }, [], names.values());
}
