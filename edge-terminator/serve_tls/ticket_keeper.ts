import type { LockedPool } from "../../shared/memory/locked_pool.ts";
import { LocalTicketKeys } from "../ticket_keys/local_ticket_keys.ts";
import type { TicketPolicy } from "../tls/tickets/ticket_policy.ts";
import type { ServeTlsOptions } from "./options.ts";

/** Milliseconds between two looks for keys whose time is over. */
const expiryInterval = 60_000;

/** A server's ticket policy, with keys of its own unless it is given others. */
export class TicketKeeper implements Disposable {
  /** Undefined: no session resumes. */
  readonly policy: TicketPolicy | undefined;
  readonly #ownKeys: LocalTicketKeys | undefined;
  readonly #timer: ReturnType<typeof setInterval> | undefined;

  constructor(options: ServeTlsOptions["tickets"], pool: LockedPool) {
    if (options === false) return;
    if (options?.keys === undefined) {
      this.#ownKeys = new LocalTicketKeys({ pool });
      this.#timer = setInterval(() => this.#ownKeys?.tick(), expiryInterval);
      // It keeps no program alive that is done.
      this.#timer.unref();
    }
    this.policy = { ...options, keys: options?.keys ?? this.#ownKeys! };
  }

  /** Zeroes the keys of its own. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#ownKeys?.[Symbol.dispose]();
  }
}
