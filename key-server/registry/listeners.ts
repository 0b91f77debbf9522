import type { Logger } from "../../shared/log.ts";
import type { HistoryEntry, RegistryState } from "./registry.ts";

export type RegistryListener = (entry: HistoryEntry, state: RegistryState) => void;

/**
 * Who is told of transactions. Each is told in the order of versions, also of what another listener commits meanwhile;
 * and one that throws takes nothing from the others, nor from what is committed already.
 */
export class RegistryListeners {
  readonly #log: Logger;
  readonly #listeners = new Set<{ readonly tell: RegistryListener }>();
  readonly #untold: [HistoryEntry, RegistryState][] = [];
  #telling = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  add(listener: RegistryListener): Disposable {
    const entry = { tell: listener };
    this.#listeners.add(entry);
    return { [Symbol.dispose]: () => void this.#listeners.delete(entry) };
  }

  tell(entry: HistoryEntry, state: RegistryState): void {
    this.#untold.push([entry, state]);
    if (this.#telling) return;
    this.#telling = true;
    for (let next = this.#untold.shift(); next !== undefined; next = this.#untold.shift()) {
      for (const listener of [...this.#listeners]) this.#tellOne(listener.tell, ...next);
    }
    this.#telling = false;
  }

  #tellOne(tell: RegistryListener, entry: HistoryEntry, state: RegistryState): void {
    try {
      tell(entry, state);
    } catch (error) {
      const reason = error instanceof Error ? error.message : "unknown failure";
      this.#log.error(
        { event: "registry-listener-failed", version: entry.version, reason },
        "a change was not taken up",
      );
    }
  }
}
