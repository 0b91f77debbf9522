import { randomBytes } from "../../../shared/libcrypto/random.ts";
import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import { CipherSuite, NamedGroup, ProtocolVersion } from "../../../shared/tls_constants.ts";
import { MailboxKey } from "../../ticket_keys/sharing/mailbox_key.ts";
import { LocalSessionCache } from "../../tls/sessions/local_session_cache.ts";
import type { SessionState } from "../../tls/tickets/session_state.ts";
import { SharedSessions } from "../shared_sessions.ts";

/** A message on its way. Ends are named "EDGE" on the hub, "EDGE/WORKER" among siblings. */
export interface Letter {
  readonly from: string;
  readonly to: string;
  readonly message: Uint8Array;
}

export interface StagedWorker {
  readonly name: string;
  readonly pool: LockedPool;
  readonly cache: LocalSessionCache;
  readonly shared: SharedSessions;
  /** Lookups, as they are counted. */
  readonly looked: string[];
}

export const aDomain = "a domain";
export const aName = "a.test";

export function aState(fields: Partial<SessionState> = {}): SessionState {
  return {
    version: ProtocolVersion.TLSv1_2,
    cipherSuite: CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    group: NamedGroup.x25519,
    issuedAt: 0,
    lifetime: 24 * 3600_000,
    ageAdd: 0,
    extendedMasterSecret: true,
    serverName: aName,
    epoch: 0,
    clientAuthentication: { policy: new Uint8Array(0) },
    ...fields,
  };
}

/** Edges of two workers each, the first of which speaks; supervisor and hub are played by hand. */
export class SessionStage implements Disposable {
  readonly instances = new Map<string, string>();
  readonly workers = new Map<string, StagedWorker>();
  readonly letters: Letter[] = [];
  readonly refused: string[] = [];
  /** How far each edge's wall clock is ahead. */
  readonly ahead = new Map<string, number>();
  /** Edges that are not in a domain: "EDGE DOMAIN". */
  readonly outside = new Set<string>();
  now = 1_000_000;
  patience = 5000;
  mostOutstanding = 4;
  /** What becomes of a letter: the same, others, or none. */
  carry: (letter: Letter) => Letter[] = (letter) => [letter];
  readonly #mailboxes = new Map<string, MailboxKey>();

  /** Starts the edges, and tells everybody of everybody. */
  start(...edges: string[]): void {
    for (const edge of edges) {
      this.instances.set(edge, randomBytes(16).toHex());
      this.#mailboxes.set(edge, new MailboxKey(0));
      for (const number of [1, 2]) this.#startWorker(edge, number);
      this.tellRoster(edge, [1, 2]);
    }
    for (const edge of edges) this.tellMembers(edge);
  }

  worker(name: string): StagedWorker {
    return this.workers.get(name)!;
  }

  /** A session that a worker made, whose secret is of this byte. */
  make(
    name: string,
    byte: number,
    state = aState({ issuedAt: this.clockOf(name) }),
    domain = aDomain,
  ): Uint8Array {
    const { pool, shared } = this.worker(name);
    const id = shared.newId();
    using secret = pool.rent(48);
    secret.bytes.fill(byte);
    shared.store(id, state, secret, domain);
    return id;
  }

  /** What a worker finds as an engine and its connection do: the byte of the secret. */
  async find(
    name: string,
    sessionId: Uint8Array,
    domain = aDomain,
    serverName = aName,
  ): Promise<number | undefined> {
    const { shared } = this.worker(name);
    const here = shared.find(sessionId);
    const session = here ??
      (shared.mayHave(sessionId) ? await shared.findElsewhere({ sessionId, domain, serverName }) : here);
    using secret = session?.secret;
    return secret?.bytes[47];
  }

  clockOf(name: string): number {
    return this.now + (this.ahead.get(name.split("/")[0]!) ?? 0);
  }

  /** What others seal to, for an edge. */
  publicKeyOf(edge: string): Uint8Array {
    return this.#mailboxes.get(edge)!.publicKey;
  }

  tellRoster(edge: string, numbers: readonly number[]): void {
    const members = numbers.map((id) => ({ id, publicKey: new Uint8Array(32) }));
    for (const id of numbers) this.worker(`${edge}/${id}`).shared.takeRoster({ self: id, members });
  }

  tellMembers(edge: string, others = [...this.instances.keys()].filter((other) => other !== edge)): void {
    const mailbox = this.#mailboxes.get(edge)!;
    this.worker(`${edge}/1`).shared.usePeers({
      instance: this.instances.get(edge)!,
      keyPairs: mailbox.keyPairs,
      instances: others.map((name) => this.instances.get(name)!),
      keyOf: (instance) => {
        const name = others.find((other) => this.instances.get(other) === instance);
        return name === undefined ? undefined : this.publicKeyOf(name);
      },
      shares: (instance, of) => !this.outside.has(`${this.#edgeOf(instance)} ${of}`),
      send: (to, message) => this.#send({ from: edge, to: this.#edgeOf(to), message }),
    });
  }

  deliver({ from, to, message }: Letter): void {
    if (to.includes("/")) this.worker(to).shared.receive(Number(from.split("/")[1]), message);
    else this.worker(`${to}/1`).shared.receiveFromPeer(this.instances.get(from)!, message);
  }

  [Symbol.dispose](): void {
    for (const { shared, cache, pool } of this.workers.values()) {
      shared[Symbol.dispose]();
      cache[Symbol.dispose]();
      const { blocksInUse } = pool;
      pool[Symbol.dispose]();
      if (blocksInUse > 0) throw new Error(`${blocksInUse} blocks were not returned`);
    }
    for (const mailbox of this.#mailboxes.values()) mailbox[Symbol.dispose]();
  }

  #startWorker(edge: string, number: number): void {
    const name = `${edge}/${number}`;
    const pool = LockedPool.open({ totalBytes: 64 * 64 });
    const now = () => this.clockOf(name);
    const cache = new LocalSessionCache({ pool, capacity: 16, now });
    const looked: string[] = [];
    const shared = new SharedSessions({
      pool,
      cache,
      now,
      patience: this.patience,
      mostOutstanding: this.mostOutstanding,
      send: (to, message) => this.#send({ from: name, to: `${edge}/${to}`, message }),
      looked: (place, result) => looked.push(`${place} ${result}`),
      onRefused: (from, error) => this.refused.push(`${name} from ${from}: ${error.message}`),
    });
    this.workers.set(name, { name, pool, cache, shared, looked });
  }

  #edgeOf(instance: string): string {
    return [...this.instances].find(([, of]) => of === instance)![0];
  }

  /** Later, as over any pipe. */
  #send(letter: Letter): void {
    this.letters.push(letter);
    for (const carried of this.carry(letter)) queueMicrotask(() => this.deliver(carried));
  }
}
