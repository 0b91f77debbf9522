import { setTimeout } from "node:timers";
import type { HelloMessage } from "../../shared/control_protocol/edge_messages.ts";
import type { TaggedName } from "../../shared/control_protocol/served_name.ts";
import type { ServerMessage } from "../../shared/control_protocol/server_messages.ts";
import { maximumNames } from "../../shared/control_protocol/edge_messages.ts";
import { maximumBodyLength } from "../../shared/control_protocol/frame.ts";
import { sizeOf, updateParts } from "../../shared/control_protocol/update_parts.ts";
import type { Logger } from "../../shared/log.ts";
import type { RegistryState } from "../registry/registry.ts";
import type { EdgePermissions } from "./edge_permissions.ts";
import { type ChangedNames, joined } from "./pending_changes.ts";
import { servedName } from "./served_name.ts";

/** The registry as edges are told of it. */
export interface ControlView {
  readonly state: RegistryState;
  readonly lineage: string;
  readonly permissions: EdgePermissions;
}

export interface EdgeUpdatesOptions {
  readonly edge: string;
  /** The registry at this moment. */
  readonly view: () => ControlView;
  /** Resolves when the edge has taken the message. */
  readonly send: (message: ServerMessage) => Promise<void>;
  readonly isOpen: () => boolean;
  /** An update was sent whole. */
  readonly pushed: () => void;
  /** Something is wrong with us: nothing more will be sent. */
  readonly failed: (error: unknown) => void;
  readonly log: Logger;
}

/**
 * Keeps one edge at the newest state of what it may see.
 *
 * One update is under way at a time, and one part of it in memory: what changes while the edge reads is summed up in the
 * next update, so that a slow edge costs a set of names and no more.
 */
export class EdgeUpdates {
  readonly #options: EdgeUpdatesOptions;
  /** Tags by name: what the edge holds once it has read what was sent. */
  #sent = new Map<string, string>();
  #sentLineage: string;
  #sentVersion: number;
  #changed: ChangedNames = "all";
  #isBehind = true;
  #isSending = false;

  constructor(options: EdgeUpdatesOptions, held: HelloMessage["held"]) {
    this.#options = options;
    this.#sentLineage = held?.lineage ?? "";
    this.#sentVersion = held?.version ?? 0;
    for (const { name, tag } of held?.names ?? []) this.#sent.set(name, tag);
  }

  /** There is a new version, which may have changed these names. */
  changed(names: ChangedNames): void {
    this.#changed = joined(this.#changed, names);
    this.#isBehind = true;
    this.start();
  }

  /** Begins to send, unless it does already. Transactions of one turn of the event loop make one update. */
  start(): void {
    if (this.#isSending) return;
    this.#isSending = true;
    setTimeout(() => this.#sendAll(), 0);
  }

  async #sendAll(): Promise<void> {
    try {
      while (this.#isBehind && this.#options.isOpen()) await this.#sendUpdate();
    } catch (error) {
      this.#options.failed(error);
    } finally {
      this.#isSending = false;
    }
  }

  async #sendUpdate(): Promise<void> {
    const view = this.#options.view();
    const { lineage, state: { version } } = view;
    if (lineage !== this.#sentLineage) {
      this.#sent = new Map();
      this.#sentVersion = 0;
      this.#changed = "all";
    }
    if (version < this.#sentVersion) return await this.#sendNothing(view);
    const from = this.#sentVersion;
    const names = this.#changed === "all" ? this.#allNames(view) : this.#changed;
    this.#changed = new Set();
    this.#isBehind = false;
    this.#sentLineage = lineage;
    this.#sentVersion = version;
    const { removed, put } = this.#difference(view, names);
    for (const part of updateParts({ lineage, version, from }, removed, put)) {
      await this.#options.send({ type: "update", ...part });
      if (!this.#options.isOpen()) return;
    }
    this.#options.pushed();
  }

  /** The edge is ahead: this key server's registry follows another's and has not caught up. */
  async #sendNothing({ lineage, state: { version } }: ControlView): Promise<void> {
    this.#isBehind = false;
    await this.#options.send({
      type: "update",
      lineage,
      version,
      from: version,
      put: [],
      remove: [],
      more: false,
    });
  }

  #allNames({ permissions }: ControlView): ReadonlySet<string> {
    return new Set([...this.#sent.keys(), ...permissions.namesOf(this.#options.edge)]);
  }

  /** What goes, at once; what comes, one name at a time. */
  #difference(
    view: ControlView,
    names: ReadonlySet<string>,
  ): { removed: readonly string[]; put: Iterable<TaggedName> } {
    const served = (name: string) => this.#served(view, name);
    const removed = [...names].filter((name) => this.#sent.has(name) && served(name) === undefined);
    for (const name of removed) this.#sent.delete(name);
    const sent = this.#sent;
    function* put(): Generator<TaggedName, void> {
      for (const name of names) {
        const tagged = served(name);
        if (tagged === undefined || sent.get(name) === tagged.tag) continue;
        sent.set(name, tagged.tag);
        yield tagged;
      }
    }
    return { removed, put: put() };
  }

  #served({ state, permissions }: ControlView, name: string): TaggedName | undefined {
    const { edge, log } = this.#options;
    const permission = permissions.of(edge, name);
    const tagged = permission && servedName(state, name, permission);
    if (tagged === undefined || this.#fits(tagged)) return tagged;
    log.error({ event: "control-name-too-large", edge, name }, "a name is too large to be sent to edges");
    return undefined;
  }

  /** A name that no frame, or no edge, has room for is left out: the others are to arrive. */
  #fits(tagged: TaggedName): boolean {
    if (sizeOf(tagged) > maximumBodyLength / 2) return false;
    return this.#sent.has(tagged.content.name) || this.#sent.size < maximumNames;
  }
}
