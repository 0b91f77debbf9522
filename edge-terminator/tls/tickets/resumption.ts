import { holdsUnder } from "../client_certificates/session_authentication.ts";
import type { LockedPool } from "../../../shared/memory/locked_pool.ts";
import type { ResolvedOptions } from "../server_options.ts";
import type { TlsSite } from "../site.ts";
import type { ResumableSession } from "./ticket.ts";
import { ticketKeyNameLength } from "./ticket_key_provider.ts";
import { formatOf } from "./ticket_policy.ts";

/** What a session must agree with to be resumed. */
export interface ResumptionTerms {
  /** ProtocolVersion number. */
  readonly version: number;
  /** Bytes of the session's secret. */
  readonly secretLength: number;
  readonly serverName: string | undefined;
  readonly site: TlsSite;
}

/**
 * The session behind a ticket, if it may be resumed here and now; undefined calls for a full handshake, silently.
 * The receiver disposes its secret.
 */
export function resumableSession(
  pool: LockedPool,
  options: ResolvedOptions,
  ticket: Uint8Array,
  terms: ResumptionTerms,
): ResumableSession | undefined {
  if (options.tickets === undefined) return undefined;
  const session = formatOf(options.tickets).open(pool, options.tickets.keys, ticket, terms.secretLength);
  if (session === undefined) {
    const isKnown = options.tickets.keys.openingKey(ticket.subarray(0, ticketKeyNameLength)) !== undefined;
    options.tickets.events?.refused(isKnown ? "unreadable" : "unknown-key");
    return undefined;
  }
  using unused = new DisposableStack();
  unused.use(session.secret);
  const { state } = session;
  const age = options.wallClock() - state.issuedAt;
  const isAlive = age >= 0 && age < state.lifetime;
  const good = state.version === terms.version &&
    state.serverName === (terms.serverName ?? "") &&
    state.epoch === (terms.site.resumptionEpoch ?? 0) &&
    holdsUnder(terms.site.clientCertificates, state.clientAuthentication);
  if (!isAlive || !good) {
    options.tickets.events?.refused(isAlive ? "other-terms" : "expired");
    return undefined;
  }
  unused.move();
  return session;
}
