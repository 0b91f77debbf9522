import type {
  TicketCorrespondent,
  TicketHubMessage,
  TicketMemberMessage,
} from "../../control/control_speaker.ts";
import { pemToDer } from "../../../shared/libcrypto/x509.ts";
import type { Logger } from "../../../shared/log.ts";
import type { PeerSessions } from "../../sessions/shared_sessions.ts";
import type { LockedPool } from "../../../shared/memory/locked_pool.ts";
import { type IdentityFiles, loadAuthorities, loadIdentity } from "../../keyless/identity.ts";
import { keyClock } from "../key_clock.ts";
import type { TicketKeySchedule } from "../schedule.ts";
import { announce, AnnouncementVerifier, memberIdentity } from "./announcement.ts";
import { HubMember, type MemberKeys } from "./hub_member.ts";
import type { TicketCounts } from "./ticket_report.ts";

export interface HubSpeakerOptions {
  readonly pool: LockedPool;
  readonly keys: MemberKeys;
  readonly schedule: TicketKeySchedule;
  /** Of this edge, hexadecimal. */
  readonly instance: string;
  readonly identity: IdentityFiles;
  /** A PEM file: whom the edge believes what another edge says. */
  readonly edgeCa: string;
  readonly say: (source: number, message: TicketMemberMessage) => void;
  readonly counts: () => TicketCounts;
  /** Shares TLS 1.2 sessions with other edges, too; absent: it does not. */
  readonly sessions?: PeerSessions;
  readonly log: Pick<Logger, "warn">;
}

/** Milliseconds between two looks at what is to be sent: bounds how long a new key of a sibling's waits here. */
export const tickInterval = 100;

/** Milliseconds between two warnings of one kind: who sends nonsense sends much of it. */
const warningPause = 60_000;

/** A {@link HubMember} with the edge's files and a timer: run by the worker that speaks for the edge. */
export class HubSpeaker implements TicketCorrespondent, Disposable {
  readonly #options: HubSpeakerOptions;
  readonly #member: HubMember;
  readonly #verifier: AnnouncementVerifier;
  readonly #warned = new Map<string, number>();
  readonly #timer: ReturnType<typeof setInterval>;
  #identity: ReturnType<typeof memberIdentity>;

  private constructor(
    options: HubSpeakerOptions,
    identity: ReturnType<typeof memberIdentity>,
    authorities: readonly Uint8Array[],
  ) {
    const { pool, keys, schedule, instance, say, counts, sessions } = options;
    this.#options = options;
    this.#identity = identity;
    this.#verifier = new AnnouncementVerifier(authorities);
    this.#member = new HubMember({
      pool,
      keys,
      instance,
      say,
      counts,
      ...(sessions && { sessions }),
      activationDelay: schedule.activationDelay,
      renewEvery: schedule.sealsFor,
      announce: (publicKey, madeAt) => announce(this.#identity, instance, publicKey, madeAt),
      verify: (member) => this.#verifier.verify(member),
      now: keyClock(),
      onRefused: (error) => this.#warn(error as Error & { code?: string }),
    });
    this.#timer = setInterval(() => this.#member.tick(), tickInterval);
    Deno.unrefTimer(this.#timer);
  }

  /** Throws IdentityError for files that cannot be used. */
  static async open(options: HubSpeakerOptions): Promise<HubSpeaker> {
    const identity = memberIdentity(await loadIdentity(options.identity));
    return new HubSpeaker(options, identity, pemToDer(await loadAuthorities(options.edgeCa)));
  }

  greeting(source: number): TicketMemberMessage[] {
    return this.#member.greeting(source);
  }

  receive(source: number, message: TicketHubMessage): void {
    this.#member.receive(source, message);
  }

  /** A connection ends, too, when the identity was renewed. */
  lost(source: number): void {
    this.#member.lost(source);
    void this.#reload();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#member[Symbol.dispose]();
    this.#verifier[Symbol.dispose]();
  }

  async #reload(): Promise<void> {
    try {
      this.#identity = memberIdentity(await loadIdentity(this.#options.identity));
      this.#member.announceAnew();
    } catch (error) {
      this.#warn(error as Error);
    }
  }

  #warn({ message, code = "unknown" }: Error & { readonly code?: string }): void {
    const now = performance.now();
    if (now - (this.#warned.get(code) ?? -Infinity) < warningPause) return;
    this.#warned.set(code, now);
    this.#options.log.warn({ event: "ticket-hub-refused", reason: message });
  }
}
