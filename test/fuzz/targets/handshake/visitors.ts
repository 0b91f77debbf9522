import { LocalTicketKeys } from "../../../../edge-terminator/ticket_keys/local_ticket_keys.ts";
import { allCipherSuites, rsaKeyExchangeSuites } from "../../../../edge-terminator/tls/cipher_suites.ts";
import type { TlsServerOptions } from "../../../../edge-terminator/tls/server_options.ts";
import { LocalSessionCache } from "../../../../edge-terminator/tls/sessions/local_session_cache.ts";
import type { SessionPolicy } from "../../../../edge-terminator/tls/sessions/session_cache.ts";
import { absentSessions } from "../../../../edge-terminator/tls/sessions/testing/absent_sessions.ts";
import type { TlsSite } from "../../../../edge-terminator/tls/site.ts";
import { LockedPool } from "../../../../shared/memory/locked_pool.ts";
import { ByteSource } from "../../byte_source.ts";
import type { Actor } from "./actors.ts";
import { policies } from "./credentials.ts";
import { Driver, usualSite } from "./driver.ts";
import { visit } from "./play.ts";
import { Tls12Actor, type Tls12ActorSession, type Tls12Way } from "./tls12_actor.ts";
import { Tls13Actor } from "./tls13_actor.ts";

/** A client, and what it comes with. */
export type ClientKind =
  | "TLS 1.3"
  | "TLS 1.3, resuming"
  | "TLS 1.3, authenticated, resuming"
  | "TLS 1.2"
  | "TLS 1.2, RSA"
  | "TLS 1.2, session id"
  | "TLS 1.2, ticket";

/** A client of TLS 1.2 that has been here; its session's secret is its own. */
interface Holder {
  readonly actor: Tls12Actor;
  readonly session: Tls12ActorSession;
}

const ordinary = () => new ByteSource(new Uint8Array(0));

export const askingSites: readonly TlsSite[] = policies.map((clientCertificates) => ({
  ...usualSite,
  clientCertificates,
}));

/** Clients of every kind, what they remember of earlier visits, and what the server remembers of them. */
export class Visitors implements Disposable {
  readonly #pool = LockedPool.open({ totalBytes: 64 * 512 });
  readonly #ticketKeys = new LocalTicketKeys({ pool: this.#pool });
  /** Of the sessions that clients come back to by their ids. */
  readonly cache = new LocalSessionCache({ pool: this.#pool, capacity: 8 });
  /** The same for an engine that has to ask for them. */
  readonly away: SessionPolicy = absentSessions(this.cache);
  readonly #serverPool: LockedPool;
  readonly #earlier: Tls13Actor;
  readonly #authenticated: Tls13Actor;
  readonly #ticketHolder: Holder;
  readonly #idHolders = new Map<TlsSite, Holder>();

  constructor(serverPool: LockedPool) {
    this.#serverPool = serverPool;
    const tls13 = () => new Tls13Actor(this.#pool, ordinary());
    this.#earlier = this.#visit(usualSite, tls13());
    this.#authenticated = this.#visit(askingSites[0]!, tls13());
    this.#ticketHolder = this.#hold(usualSite, { takesTickets: true });
  }

  /** A server's options that every kind of client finds something in. */
  get options(): TlsServerOptions {
    return {
      pool: this.#serverPool,
      cipherSuites: [...allCipherSuites, ...rsaKeyExchangeSuites],
      requiresExtendedMasterSecret: false,
      tickets: { keys: this.#ticketKeys },
      sessions: { cache: this.cache },
    };
  }

  /** A new client for a site, which does what the input says. */
  actor(kind: ClientKind, site: TlsSite, source: ByteSource): Actor {
    switch (kind) {
      case "TLS 1.3":
        return new Tls13Actor(this.#pool, source);
      case "TLS 1.3, resuming":
        return new Tls13Actor(this.#pool, source, this.#earlier.sessions[0]);
      case "TLS 1.3, authenticated, resuming":
        return new Tls13Actor(this.#pool, source, this.#authenticated.sessions[0]);
      case "TLS 1.2":
        return this.#tls12(source, {});
      case "TLS 1.2, RSA":
        return this.#tls12(source, { rsaKeyExchange: true });
      case "TLS 1.2, session id":
        return this.#tls12(source, { session: this.#idHolder(site).session });
      case "TLS 1.2, ticket":
        return this.#tls12(source, { takesTickets: true, session: this.#ticketHolder.session });
    }
  }

  [Symbol.dispose](): void {
    const holders = [this.#ticketHolder, ...this.#idHolders.values()].map(({ actor }) => actor);
    for (const actor of [this.#earlier, this.#authenticated, ...holders]) actor[Symbol.dispose]();
    this.cache[Symbol.dispose]();
    this.#ticketKeys[Symbol.dispose]();
    this.#pool[Symbol.dispose]();
  }

  #tls12(source: ByteSource, way: Tls12Way): Tls12Actor {
    return new Tls12Actor(this.#pool, source, way);
  }

  /** Whose session is still in the cache: a connection that fails takes its session with it. */
  #idHolder(site: TlsSite): Holder {
    const known = this.#idHolders.get(site);
    if (known !== undefined) {
      using found = this.cache.find(known.session.id)?.secret;
      if (found !== undefined) return known;
      known.actor[Symbol.dispose]();
    }
    const holder = this.#hold(site, {});
    this.#idHolders.set(site, holder);
    return holder;
  }

  #hold(site: TlsSite, way: Tls12Way): Holder {
    const actor = this.#visit(site, this.#tls12(ordinary(), way));
    return { actor, session: actor.session };
  }

  #visit<Visitor extends Actor>(site: TlsSite, actor: Visitor): Visitor {
    using driver = new Driver(this.options, "well", site);
    return visit(driver, actor);
  }
}
