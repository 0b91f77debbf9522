import type { Secret } from "../../../shared/memory/secret.ts";
import type { SessionState } from "../tickets/session_state.ts";
import type { ResumableSession } from "../tickets/ticket.ts";

/** Bytes of a session id of ours: random, so that none is guessed and none comes twice. */
export const sessionIdLength = 32;

/** A session of the cache. It resumes in its own ticket domain only. The receiver disposes the secret. */
export interface CachedSession extends ResumableSession {
  readonly domain: string;
}

/**
 * Where TLS 1.2 sessions are kept that clients without tickets come back to by their id: here, or shared among edges.
 *
 * All methods are called on the handshake path: they answer at once from what is there.
 */
export interface SessionCache {
  /** Keeps a session until it expires, or until there is no room for it. The cache makes its own copies. */
  store(id: Uint8Array, state: SessionState, secret: Secret, domain: string): void;
  /** The session of this id, which the client chose to send; undefined: none, or expired. */
  find(id: Uint8Array): CachedSession | undefined;
  /** The session must not resume any more: a connection of it has failed (RFC 5246, Section 7.2.2). */
  remove(id: Uint8Array): void;
}

/** Others who may have made a session that the cache has not: ids tell whom to ask. */
export interface SessionsElsewhere {
  /** 32 bytes, that nobody guesses. */
  newId(): Uint8Array;
  /** Whether somebody else is there to be asked for this id: the engine then asks its owner to. */
  mayHave(id: Uint8Array): boolean;
}

/** Whether and how TLS 1.2 sessions resume by their id. */
export interface SessionPolicy {
  readonly cache: SessionCache;
  /** Absent: there is nobody to ask, and no engine waits. */
  readonly elsewhere?: SessionsElsewhere;
  /** Milliseconds a session lives; 24 hours by default, which is also the most. */
  readonly lifetime?: number;
}
