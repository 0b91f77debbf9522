import type { EphemeralKeyPair } from "../../shared/libcrypto/key_agreement.ts";
import type { LockedPool } from "../../shared/memory/locked_pool.ts";
import type { SessionRequest } from "../tls/server_events.ts";
import type { CachedSession } from "../tls/sessions/session_cache.ts";
import { SessionMessageError } from "./errors.ts";
import { openSession, type Question, type SealingKeys, sealSession } from "./sealed_session.ts";
import {
  encodeSessionMessage,
  type SessionAnswer,
  type SessionMessage,
  type SessionQuery,
} from "./session_messages.ts";

/**
 * How a lookup ended. `late`: nobody answered in time; `busy`: too many were under way; `unreachable`: it is gone; `refused`: the answer was not the asked one's.
 */
export type LookupResult = "hit" | "miss" | "late" | "busy" | "unreachable" | "refused";

/** What a question led to. The receiver disposes the secret. */
export interface Lookup {
  readonly result: LookupResult;
  readonly session?: CachedSession;
}

/** One way on which sessions are asked for: among the workers of an edge, or among edges. */
export interface SessionExchangeOptions {
  readonly pool: LockedPool;
  /** This end's name, as the others know it. */
  readonly self: () => string;
  /** The newest first: what is sealed for this end opens with one of them. */
  readonly keyPairs: () => readonly EphemeralKeyPair[];
  /** X25519, 32 bytes; undefined for a name that nobody has. */
  readonly publicKeyOf: (name: string) => Uint8Array | undefined;
  /** Whether sessions of a domain are that one's business, too. */
  readonly shares: (name: string, domain: string) => boolean;
  readonly send: (to: string, message: Uint8Array) => void;
  /** What others get from here. The secret is the exchange's to dispose. */
  readonly find: (request: SessionRequest) => CachedSession | undefined | Promise<CachedSession | undefined>;
  readonly onRefused: (from: string, error: Error) => void;
  /** Milliseconds for an answer to come. */
  readonly patience: number;
  /** Questions of ours under way at most, and as many of others. */
  readonly mostOutstanding: number;
  /** Milliseconds of the Unix epoch. */
  readonly now: () => number;
}

interface Pending {
  readonly question: Question;
  readonly end: (lookup: Lookup) => void;
}

/** Asks one end for a session, and answers what others ask. Bounded in time and number both ways. */
export class SessionExchange implements Disposable {
  readonly #options: SessionExchangeOptions;
  readonly #pending = new Map<number, Pending>();
  #number = 0;
  #answering = 0;

  constructor(options: SessionExchangeOptions) {
    this.#options = options;
  }

  /** The session, if `asked` has it and says so in time. Never rejects. */
  async ask(asked: string, request: SessionRequest): Promise<Lookup> {
    const { self, publicKeyOf, shares, send, mostOutstanding } = this.#options;
    if (this.#pending.size >= mostOutstanding) return { result: "busy" };
    if (publicKeyOf(asked) === undefined || !shares(asked, request.domain)) return { result: "unreachable" };
    const number = ++this.#number;
    const answer = this.#expect({ asker: self(), asked, number, request });
    send(asked, encodeSessionMessage({ kind: "query", number, request }));
    return await answer;
  }

  /** Tells `maker` that a session of its must not resume any more. Nobody says whether it came. */
  remove(maker: string, id: Uint8Array): void {
    this.#options.send(maker, encodeSessionMessage({ kind: "remove", id }));
  }

  receive(from: string, message: Extract<SessionMessage, { kind: "query" | "answer" }>): void {
    try {
      if (message.kind === "answer") this.#takeAnswer(from, message);
      else this.#answer(from, message);
    } catch (error) {
      this.#options.onRefused(from, error as Error);
    }
  }

  /** What is under way ends without a session. */
  [Symbol.dispose](): void {
    for (const { end } of this.#pending.values()) end({ result: "unreachable" });
  }

  #expect(question: Question): Promise<Lookup> {
    const { promise, resolve } = Promise.withResolvers<Lookup>();
    const end = () => this.#pending.get(question.number)?.end({ result: "late" });
    const timer = setTimeout(end, this.#options.patience);
    this.#pending.set(question.number, {
      question,
      end: (lookup) => {
        clearTimeout(timer);
        this.#pending.delete(question.number);
        resolve(lookup);
      },
    });
    return promise;
  }

  #takeAnswer(from: string, { number, session }: SessionAnswer): void {
    const pending = this.#pending.get(number);
    // Too late, or to a question that was never asked.
    if (pending === undefined || pending.question.asked !== from) return;
    if (session === undefined) return pending.end({ result: "miss" });
    const { pool, now } = this.#options;
    try {
      const opened = openSession(pool, this.#keysWith(from), pending.question, session, now());
      pending.end({ result: "hit", session: opened });
    } catch (error) {
      pending.end({ result: "refused" });
      throw error;
    }
  }

  #answer(from: string, query: SessionQuery): void {
    const { find, shares, mostOutstanding } = this.#options;
    if (this.#answering >= mostOutstanding || !shares(from, query.request.domain)) {
      return this.#say(from, { kind: "answer", number: query.number });
    }
    const found = find(query.request);
    if (!(found instanceof Promise)) return this.#give(from, query, found);
    this.#answering++;
    found
      .then((session) => this.#give(from, query, session))
      .catch((error) => this.#options.onRefused(from, error))
      .finally(() => this.#answering--);
  }

  /** Nothing is sealed where there is nothing to give: a question in vain costs this end next to nothing. */
  #give(from: string, { number, request }: SessionQuery, session: CachedSession | undefined): void {
    using _secret = session?.secret;
    const { pool, self, now } = this.#options;
    const fits = session?.domain === request.domain && session.state.serverName === request.serverName;
    if (session === undefined || !fits) return this.#say(from, { kind: "answer", number });
    const question = { asker: from, asked: self(), number, request };
    const sealed = sealSession(pool, this.#keysWith(from), question, session, now());
    this.#say(from, { kind: "answer", number, session: sealed });
  }

  #keysWith(name: string): SealingKeys {
    const { keyPairs, publicKeyOf } = this.#options;
    const theirs = publicKeyOf(name);
    if (theirs === undefined) throw new SessionMessageError("its sender is not known here");
    return { own: keyPairs(), theirs };
  }

  #say(to: string, answer: SessionAnswer): void {
    this.#options.send(to, encodeSessionMessage(answer));
  }
}
