import type { EphemeralKeyPair } from "../../shared/libcrypto/key_agreement.ts";
import type { LockedPool } from "../../shared/memory/locked_pool.ts";
import type { Secret } from "../../shared/memory/secret.ts";
import { emptyRoster, type Roster, siblingsOf } from "../ticket_keys/sharing/roster.ts";
import { MailboxKey } from "../ticket_keys/sharing/mailbox_key.ts";
import type { SessionRequest } from "../tls/server_events.ts";
import type { CachedSession, SessionCache, SessionsElsewhere } from "../tls/sessions/session_cache.ts";
import type { SessionState } from "../tls/tickets/session_state.ts";
import { type LookupResult, SessionExchange, type SessionExchangeOptions } from "./session_exchange.ts";
import { edgeLabelOf, labelOf, newLabelledId, newWorkerLabel, noEdge } from "./session_label.ts";
import {
  decodeSessionMessage,
  encodeSessionMessage,
  type SessionHello,
  type SessionMessage,
} from "./session_messages.ts";

/** Where a session was looked for. */
export type LookupPlace = "local" | "sibling" | "peer";

/** Other edges, as the worker that speaks for its edge reaches them. Instances are those of their hellos. */
export interface PeerPost {
  /** This edge's own. */
  readonly instance: string;
  /** Of the key that others seal to, as they were told it; the newest first. */
  readonly keyPairs: readonly EphemeralKeyPair[];
  /** Live edges. */
  readonly instances: Iterable<string>;
  /** A live edge's X25519 key, verified. */
  keyOf(instance: string): Uint8Array | undefined;
  /** Whether an edge is live in a ticket domain. */
  shares(instance: string, domain: string): boolean;
  send(to: string, body: Uint8Array): void;
}

/** Who asks other edges for sessions, and answers them: told of them by whoever speaks for the edge. */
export type PeerSessions = Pick<SharedSessions, "usePeers" | "peersChanged" | "receiveFromPeer">;

export interface SharedSessionsOptions {
  readonly pool: LockedPool;
  /** This worker's own sessions. */
  readonly cache: SessionCache;
  /** To a sibling, by its number in the roster. */
  readonly send: (to: number, message: Uint8Array) => void;
  readonly looked: (place: LookupPlace, result: LookupResult) => void;
  readonly onRefused: (from: string, error: Error) => void;
  /** Milliseconds for an answer to come; 100 by default. */
  readonly patience?: number;
  /** Questions under way at most, on each way; 64 by default. */
  readonly mostOutstanding?: number;
  /** Milliseconds of the Unix epoch; `Date.now` by default. */
  readonly now?: () => number;
}

const defaultPatience = 100;
const defaultMostOutstanding = 64;
/** Milliseconds after which a worker's key for messages is another: records of old ones open for nobody. */
const keyInterval = 3600_000;

type Route = { readonly to: "self" } | { readonly to: "sibling" | "peer"; readonly name: string };

/**
 * A worker's sessions and those of the others: each is kept once, by the worker that made it, whom the session's id
 * names. It is asked directly when it is of the same edge, and by way of the worker that speaks for the edge when it is
 * of another.
 */
export class SharedSessions implements SessionCache, SessionsElsewhere, Disposable {
  readonly #options: SharedSessionsOptions;
  readonly #now: () => number;
  readonly #mailbox: MailboxKey;
  readonly #worker = newWorkerLabel();
  readonly #siblingExchange: SessionExchange;
  readonly #peerExchange: SessionExchange;
  /** What each sibling last said, by its number. */
  readonly #hellos = new Map<number, SessionHello>();
  #roster: Roster = emptyRoster;
  #edge = noEdge;
  #post: PeerPost | undefined;
  /** Instances, by the label of their ids. */
  #peers: ReadonlyMap<string, string> = new Map();

  constructor(options: SharedSessionsOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#mailbox = new MailboxKey(this.#now());
    const { pool, onRefused, send } = options;
    const common = {
      pool,
      onRefused,
      patience: options.patience ?? defaultPatience,
      mostOutstanding: options.mostOutstanding ?? defaultMostOutstanding,
      now: this.#now,
    };
    this.#siblingExchange = new SessionExchange({
      ...common,
      self: () => String(this.#roster.self),
      keyPairs: () => this.#mailbox.keyPairs,
      publicKeyOf: (name) => this.#hellos.get(Number(name))?.publicKey,
      shares: () => true,
      send: (to, message) => send(Number(to), message),
      find: (request) => this.#findFor("sibling", request),
    });
    this.#peerExchange = new SessionExchange({
      ...common,
      self: () => this.#post?.instance ?? "",
      keyPairs: () => this.#post?.keyPairs ?? [],
      publicKeyOf: (name) => this.#post?.keyOf(name),
      shares: (name, domain) => this.#post?.shares(name, domain) ?? false,
      send: (to, message) => this.#post?.send(to, message),
      find: (request) => this.#findFor("peer", request),
    });
  }

  /** X25519, 32 bytes: what siblings seal to. */
  get publicKey(): Uint8Array {
    return this.#mailbox.publicKey;
  }

  store(id: Uint8Array, state: SessionState, secret: Secret, domain: string): void {
    this.#options.cache.store(id, state, secret, domain);
  }

  find(id: Uint8Array): CachedSession | undefined {
    const session = this.#options.cache.find(id);
    if (labelOf(id) !== undefined && !this.mayHave(id)) {
      this.#options.looked("local", session === undefined ? "miss" : "hit");
    }
    return session;
  }

  /** The maker is told, too: best effort, as the message may be lost. */
  remove(id: Uint8Array): void {
    this.#remove(id, this.#routeOf(id));
  }

  newId(): Uint8Array {
    return newLabelledId({ edge: this.#edge, worker: this.#worker });
  }

  mayHave(id: Uint8Array): boolean {
    const route = this.#routeOf(id);
    return route !== undefined && route.to !== "self";
  }

  /** Asks the one that made the session. Never rejects; the receiver disposes the secret. */
  async findElsewhere(request: SessionRequest): Promise<CachedSession | undefined> {
    const route = this.#routeOf(request.sessionId);
    if (route === undefined || route.to === "self") return undefined;
    const { result, session } = await this.#exchangeFor(route).ask(route.name, request);
    this.#options.looked(this.#isOwn(request.sessionId) ? "sibling" : "peer", result);
    return session;
  }

  takeRoster(roster: Roster): void {
    const known = new Set(siblingsOf(this.#roster).map(({ id }) => id));
    this.#roster = roster;
    const siblings = siblingsOf(roster).map(({ id }) => id);
    for (const id of this.#hellos.keys()) if (!siblings.includes(id)) this.#hellos.delete(id);
    this.#greet(siblings.filter((id) => !known.has(id)));
  }

  /** From a sibling. */
  receive(from: number, message: Uint8Array): void {
    this.#take(String(from), message, (decoded) => {
      if (decoded.kind === "hello") this.#takeHello(from, decoded);
      else if (decoded.kind === "remove") this.#remove(decoded.id, this.#routeOf(decoded.id, "sibling"));
      else this.#siblingExchange.receive(String(from), decoded);
    });
  }

  /** This worker speaks for the edge from now on; undefined: no more. */
  usePeers(post: PeerPost | undefined): void {
    this.#post = post;
    this.peersChanged();
  }

  /** The post's members are others than before. */
  peersChanged(): void {
    const before = [this.#edge, ...this.#peers.keys()].join();
    const instances = [...this.#post?.instances ?? []];
    this.#peers = new Map(instances.map((instance) => [edgeLabelOf(instance), instance]));
    if (this.#post !== undefined) this.#edge = edgeLabelOf(this.#post.instance);
    if ([this.#edge, ...this.#peers.keys()].join() === before) return;
    this.#greet(siblingsOf(this.#roster).map(({ id }) => id));
  }

  /** From another edge. */
  receiveFromPeer(from: string, body: Uint8Array): void {
    this.#take(from, body, (decoded) => {
      if (decoded.kind === "remove") this.#remove(decoded.id, this.#routeOf(decoded.id, "peer"));
      else if (decoded.kind !== "hello") this.#peerExchange.receive(from, decoded);
    });
  }

  /** Call it each minute or so: renews the key that siblings seal to. */
  tick(): void {
    if (this.#mailbox.renew(this.#now(), keyInterval)) {
      this.#greet(siblingsOf(this.#roster).map(({ id }) => id));
    }
  }

  [Symbol.dispose](): void {
    this.#siblingExchange[Symbol.dispose]();
    this.#peerExchange[Symbol.dispose]();
    this.#mailbox[Symbol.dispose]();
  }

  /**
   * Who is to be asked for an id; undefined: nobody. What a sibling asks goes to peers or is here; what a peer asks is
   * here or at a sibling: nothing goes in circles.
   */
  #routeOf(id: Uint8Array, asker?: "sibling" | "peer"): Route | undefined {
    const label = labelOf(id);
    if (label === undefined) return undefined;
    if (this.#isOwn(id)) {
      if (label.worker === this.#worker) return { to: "self" };
      if (asker === "sibling") return undefined;
      return this.#siblingWhere(({ worker }) => worker === label.worker);
    }
    if (asker === "peer") return undefined;
    const instance = this.#peers.get(label.edge);
    if (instance !== undefined) return { to: "peer", name: instance };
    return asker === "sibling" ? undefined : this.#siblingWhere(({ peers }) => peers.includes(label.edge));
  }

  #isOwn(id: Uint8Array): boolean {
    const edge = labelOf(id)?.edge;
    return edge === this.#edge || edge === noEdge;
  }

  #siblingWhere(isMeant: (hello: SessionHello) => boolean): Route | undefined {
    const found = [...this.#hellos].find(([, hello]) => isMeant(hello));
    return found && { to: "sibling", name: String(found[0]) };
  }

  #exchangeFor({ to }: Extract<Route, { name: string }>): SessionExchange {
    return to === "sibling" ? this.#siblingExchange : this.#peerExchange;
  }

  #findFor(asker: "sibling" | "peer", request: SessionRequest): ReturnType<SessionExchangeOptions["find"]> {
    const route = this.#routeOf(request.sessionId, asker);
    if (route === undefined) return undefined;
    if (route.to === "self") return this.#options.cache.find(request.sessionId);
    return this.#exchangeFor(route).ask(route.name, request).then(({ session }) => session);
  }

  #remove(id: Uint8Array, route: Route | undefined): void {
    if (route === undefined) return;
    if (route.to === "self") this.#options.cache.remove(id);
    else this.#exchangeFor(route).remove(route.name, id);
  }

  #takeHello(from: number, hello: SessionHello): void {
    this.#hellos.set(from, hello);
    // Only the one that speaks to key servers knows the edge's instance.
    if (hello.edge !== noEdge && this.#post === undefined) this.#edge = hello.edge;
  }

  #greet(siblings: readonly number[]): void {
    const hello = encodeSessionMessage({
      kind: "hello",
      worker: this.#worker,
      publicKey: this.#mailbox.publicKey,
      edge: this.#post === undefined ? noEdge : this.#edge,
      peers: [...this.#peers.keys()],
    });
    for (const id of siblings) this.#options.send(id, hello);
  }

  #take(from: string, message: Uint8Array, take: (decoded: SessionMessage) => void): void {
    try {
      take(decodeSessionMessage(message));
    } catch (error) {
      this.#options.onRefused(from, error as Error);
    }
  }
}
