import { PoolExhaustedError } from "../../../shared/memory/errors.ts";
import type { LockedPool } from "../../../shared/memory/locked_pool.ts";
import { FileWatch } from "../../file_watch.ts";
import { defaultTicketDomain, type TicketKey } from "../../tls/tickets/ticket_key_provider.ts";
import { TicketKeyFileError } from "../errors.ts";
import type { KeyStatus } from "../key_ring.ts";
import { findByName } from "../key_search.ts";
import type { TicketKeySource } from "../ticket_key_source.ts";
import { type KeyFiles, type LoadedKeys, loadKeyFiles } from "./load_key_files.ts";

export interface FileTicketKeysOptions extends KeyFiles {
  readonly pool: LockedPool;
  /** A changed set of files was taken up. */
  readonly onLoaded?: () => void;
  /** Changed files are not to be used: the keys from before stay. Told once for each change. */
  readonly onRefused?: (error: TicketKeyFileError) => void;
  /** Milliseconds of the Unix epoch. */
  readonly wallClock?: () => number;
}

/**
 * Ticket keys from files that somebody else makes, renews and shares, the same for all domains (the tickets differ). The files are looked at with each tick, and read
 * when one of them is another than before; all of them together are taken up, or none.
 */
export class FileTicketKeys implements TicketKeySource {
  readonly #options: FileTicketKeysOptions;
  readonly #wallClock: () => number;
  readonly #watch: FileWatch;
  #loaded: LoadedKeys;

  /** Throws {@link TicketKeyFileError} when the files are not to be used as they are. */
  constructor(options: FileTicketKeysOptions) {
    this.#options = options;
    this.#wallClock = options.wallClock ?? Date.now;
    this.#watch = new FileWatch(options.paths);
    this.#loaded = loadKeyFiles(options.pool, options);
  }

  sealingKey(): TicketKey {
    return this.#loaded.sealing;
  }

  openingKey(name: Uint8Array): TicketKey | undefined {
    return findByName(this.#loaded.keys, name);
  }

  tick(): void {
    if (this.#watch.hasChanged()) this.#reload();
  }

  status(): KeyStatus[] {
    const { keys, sealing, sealingSince } = this.#loaded;
    const age = Math.max(0, this.#wallClock() - sealingSince);
    return keys.map((key) => ({
      name: key.name,
      domain: defaultTicketDomain,
      state: key === sealing ? "sealing" : "opening",
      age,
      isOwn: true,
    }));
  }

  [Symbol.dispose](): void {
    this.#loaded[Symbol.dispose]();
  }

  #reload(): void {
    try {
      const before = this.#loaded;
      this.#loaded = loadKeyFiles(this.#options.pool, this.#options);
      before[Symbol.dispose]();
      this.#options.onLoaded?.();
    } catch (error) {
      if (error instanceof PoolExhaustedError) this.#watch.forget(); // the next tick tries again
      else if (error instanceof TicketKeyFileError) this.#options.onRefused?.(error);
      else throw error;
    }
  }
}
