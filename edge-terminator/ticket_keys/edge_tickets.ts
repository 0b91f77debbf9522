import type { Logger } from "../../shared/log.ts";
import type { LockedPool } from "../../shared/memory/locked_pool.ts";
import type { Metrics } from "../../shared/metrics.ts";
import type { TicketPolicy } from "../tls/tickets/ticket_policy.ts";
import type { SiblingChannel } from "../worker/sibling_channel.ts";
import { FileTicketKeys } from "./files/file_ticket_keys.ts";
import type { KeyFiles } from "./files/load_key_files.ts";
import type { TicketKeySchedule } from "./schedule.ts";
import { HubSpeaker, type HubSpeakerOptions } from "./hub/hub_speaker.ts";
import { SharedTicketKeys } from "./sharing/shared_ticket_keys.ts";
import { keepTicking, type TicketKeySource } from "./ticket_key_source.ts";
import { TicketMetrics } from "./ticket_metrics.ts";
import type { TicketSettings } from "./tickets_config.ts";

export interface EdgeTicketsContext {
  readonly pool: LockedPool;
  readonly siblings: SiblingChannel;
  /** Ticket domains of the sites that are served now. */
  readonly domains: () => readonly string[];
  readonly metrics: Metrics;
  readonly log: Pick<Logger, "info" | "warn">;
}

type SharingContext = Omit<HubSpeakerOptions, "instance" | "identity" | "say" | "sessions">;

/** How a worker of an edge resumes sessions: its ticket keys, their care, and what is counted. */
export class EdgeTickets implements Disposable {
  /** For every connection's engine. */
  readonly policy: TicketPolicy;
  readonly #source: TicketKeySource;
  readonly #ticking: Disposable;
  readonly #sharing: SharingContext | undefined;

  private constructor(
    source: TicketKeySource,
    { count, lifetime }: TicketSettings,
    metrics: Metrics,
    sharing?: Omit<SharingContext, "counts">,
  ) {
    this.#source = source;
    this.#ticking = keepTicking(source);
    const events = new TicketMetrics(metrics, () => source.status());
    this.#sharing = sharing && { ...sharing, counts: () => events.counts };
    this.policy = { keys: source, count, lifetime, events };
  }

  /** Resolves when the keys are there. Throws TicketKeyFileError for files that are not to be used. */
  static async open(settings: TicketSettings, context: EdgeTicketsContext): Promise<EdgeTickets> {
    const { keys } = settings;
    const { pool, log, metrics } = context;
    switch (keys.source) {
      case "files":
        return new EdgeTickets(openFiles(keys, context), settings, metrics);
      case "local":
        return new EdgeTickets(await joinSiblings(keys.schedule, false, context), settings, metrics);
      case "hub": {
        const { schedule, edgeCa } = keys;
        const shared = await joinSiblings(schedule, true, context);
        return new EdgeTickets(shared, settings, metrics, { pool, log, keys: shared, schedule, edgeCa });
      }
    }
  }

  /** Whether whoever speaks for the edge has keys to share. */
  get isShared(): boolean {
    return this.#sharing !== undefined;
  }

  /** Shares the keys with other edges, as the one who speaks for this edge. Throws IdentityError. */
  share(as: Pick<HubSpeakerOptions, "instance" | "identity" | "say" | "sessions">): Promise<HubSpeaker> {
    return HubSpeaker.open({ ...this.#sharing!, ...as });
  }

  /** Zeroes the keys. */
  [Symbol.dispose](): void {
    this.#ticking[Symbol.dispose]();
    this.#source[Symbol.dispose]();
  }
}

function openFiles({ format, paths }: KeyFiles, { pool, log }: EdgeTicketsContext): FileTicketKeys {
  return new FileTicketKeys({
    pool,
    format,
    paths,
    onLoaded: () => log.info({ event: "ticket-keys-loaded", files: paths.length }),
    onRefused: ({ message }) =>
      log.warn({ event: "ticket-keys-refused", reason: message }, "the ticket keys from before stay in use"),
  });
}

/** Milliseconds for the owner to send the set, and after that for any sibling to. */
const patience = { owner: 2000, anybody: 3000 };

async function joinSiblings(
  schedule: TicketKeySchedule,
  waitsForOthers: boolean,
  { pool, siblings, domains, log }: EdgeTicketsContext,
): Promise<SharedTicketKeys> {
  const keys = new SharedTicketKeys({
    pool,
    post: siblings,
    schedule,
    domains,
    waitsForOthers,
    onRefused: (from, error) => log.warn({ event: "sibling-refused", from, reason: error.message }),
  });
  siblings.receiver = keys;
  if (await isReady(keys, patience.owner)) return keys;
  keys.ask();
  if (await isReady(keys, patience.anybody)) return keys;
  // Better full handshakes than none: the set is taken whenever it comes.
  log.warn(
    { event: "ticket-keys-missing" },
    "no sibling has sent ticket keys: nothing resumes until one does",
  );
  return keys;
}

async function isReady({ ready }: SharedTicketKeys, deadline: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, deadline, false);
  ready.then(() => resolve(true));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}
