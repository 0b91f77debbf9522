import { holdsUnder } from "../client_certificates/session_authentication.ts";
import type { LockedPool } from "../../../shared/memory/locked_pool.ts";
import type { ResolvedOptions } from "../server_options.ts";
import { ticketDomainOf, type TlsSite } from "../site.ts";
import type { SessionState } from "./session_state.ts";
import type { ResumableSession } from "./ticket.ts";
import type { TicketRefusal } from "./ticket_events.ts";
import { ticketKeyNameLength } from "./ticket_key_provider.ts";
import { formatOf } from "./ticket_policy.ts";

/** What a session must agree with to be resumed. */
export interface ResumptionTerms {
  /** ProtocolVersion number. */
  readonly version: number;
  readonly serverName: string | undefined;
  readonly site: TlsSite;
}

/** Why a session may not be resumed here and now; undefined: it may. */
export function refusalOf(
  options: ResolvedOptions,
  state: SessionState,
  { version, serverName, site }: ResumptionTerms,
): Extract<TicketRefusal, "expired" | "other-terms"> | undefined {
  const age = options.wallClock() - state.issuedAt;
  if (age < 0 || age >= state.lifetime) return "expired";
  const agrees = state.version === version &&
    state.serverName === (serverName ?? "") &&
    state.epoch === (site.resumptionEpoch ?? 0) &&
    holdsUnder(site.clientCertificates, state.clientAuthentication);
  return agrees ? undefined : "other-terms";
}

/**
 * The session behind a ticket, if it may be resumed here and now; undefined calls for a full handshake, silently.
 * `secretLength` is in bytes. The receiver disposes its secret.
 */
export function resumableSession(
  pool: LockedPool,
  options: ResolvedOptions,
  ticket: Uint8Array,
  secretLength: number,
  terms: ResumptionTerms,
): ResumableSession | undefined {
  if (options.tickets === undefined) return undefined;
  const { keys } = options.tickets;
  const domain = ticketDomainOf(terms.site);
  const session = formatOf(options.tickets).open(pool, keys, domain, ticket, secretLength);
  if (session === undefined) {
    const isKnown = keys.openingKey(ticket.subarray(0, ticketKeyNameLength), domain) !== undefined;
    options.tickets.events?.refused(isKnown ? "unreadable" : "unknown-key");
    return undefined;
  }
  using unused = new DisposableStack();
  unused.use(session.secret);
  const refusal = refusalOf(options, session.state, terms);
  if (refusal !== undefined) {
    options.tickets.events?.refused(refusal);
    return undefined;
  }
  unused.move();
  return session;
}
