import { LocalTicketKeys } from "../../edge-terminator/ticket_keys/local_ticket_keys.ts";
import { LocalSessionCache } from "../../edge-terminator/tls/sessions/local_session_cache.ts";
import type { TlsServerOptions } from "../../edge-terminator/tls/server_options.ts";
import { LockedPool } from "../../shared/memory/locked_pool.ts";
import type { ClientSession } from "../peer/scripted_client.ts";
import { ScriptedClient } from "../peer/scripted_client.ts";
import { ScriptedTls12Client, type Tls12ClientSession } from "../peer/scripted_tls12_client.ts";
import { type Ending, endings, everyEnding, isPossible } from "./endings.ts";
import { everyHandshake, type HandshakeKind, type Resumables } from "./handshakes.ts";
import { SoakServer, soakSite } from "./soak_server.ts";

/** How many handshakes ended how, and in which state. */
export type SoakCounts = ReadonlyMap<string, number>;

const serverName = "soak.test";

/**
 * Handshakes of every kind, good and cut short at every step, over one pool for the server and one for the clients, with
 * the ticket keys and the session cache that a worker has.
 */
export class Soak implements Disposable {
  readonly serverPool = LockedPool.open({ totalBytes: 64 * 256 });
  readonly clientPool = LockedPool.open({ totalBytes: 64 * 256 });
  readonly counts = new Map<string, number>();
  readonly #keys = new LocalTicketKeys({ pool: this.serverPool });
  readonly #cache = new LocalSessionCache({ pool: this.serverPool, capacity: 4 });
  readonly #kept = new DisposableStack();
  #kinds: readonly HandshakeKind[] = [];
  /** Of each kind, in turn: its steps, then what follows them. */
  #plan: Iterator<() => void, never> = this.#plans();

  static async create(): Promise<Soak> {
    const soak = new Soak();
    const resumables = soak.#makeResumables();
    soak.#kinds = await everyHandshake(resumables);
    return soak;
  }

  /** Blocks of both pools in use between handshakes, but for the cached sessions, whose number comes and goes. */
  get blocksInUse(): number {
    return this.serverPool.blocksInUse - this.#cache.size + this.clientPool.blocksInUse;
  }

  run(handshakes: number): void {
    for (let done = 0; done < handshakes; done++) this.#plan.next().value();
  }

  /** Each kind to its good end, then cut short after each of its steps in every way, and all again. */
  *#plans(): Generator<() => void, never> {
    for (;;) {
      for (const kind of this.#kinds) {
        let possible: readonly (readonly Ending[])[] = [];
        yield () => void (possible = this.#play(kind));
        for (const [stop, ways] of possible.entries()) {
          for (const ending of ways) yield () => void this.#play(kind, { stop, ending });
        }
      }
    }
  }

  /** To the good end, or cut short after a step. Returns how each step could have been cut short. */
  #play(kind: HandshakeKind, cut?: { readonly stop: number; readonly ending: Ending }): Ending[][] {
    using server = new SoakServer({ ...this.#options, ...kind.options }, kind.site ?? soakSite);
    using client = kind.connect(this.clientPool);
    const steps: Ending[][] = [];
    for (const _step of client.play(server)) {
      if (server.failed) throw new Error(`${kind.name} failed by itself in step ${steps.length}`);
      if (steps.length === cut?.stop) break;
      steps.push(everyEnding.filter((ending) => isPossible(ending, server)));
    }
    const { state } = server.engine;
    if (cut === undefined) {
      if (!server.completed || state !== "closed") {
        throw new Error(`${kind.name} came to no good end: ${state}`);
      }
      this.#count("good", kind.name);
    } else {
      const { ending } = cut;
      const hears = server.asks || server.engine.wantsInput;
      endings[ending](server, client);
      if (ending !== "aborted" && hears && !server.failed) {
        throw new Error(`${kind.name} survived "${ending}" in the state ${state}`);
      }
      this.#count(ending, state);
    }
    return steps;
  }

  #count(outcome: string, where: string): void {
    const key = `${outcome}: ${where}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }

  get #options(): TlsServerOptions {
    const { serverPool: pool } = this;
    return { pool, tickets: { keys: this.#keys }, sessions: { cache: this.#cache } };
  }

  /** One session of each sort, made by a handshake of its own; the TLS 1.2 one anew when it has been evicted. */
  #makeResumables(): Resumables {
    const first = this.#kept.use(new ScriptedClient({ pool: this.clientPool, fields: { serverName } }));
    this.#complete(first, () => first.finished());
    const ticket: ClientSession = first.sessions[0]!;
    let current: { client: ScriptedTls12Client; session: Tls12ClientSession } | undefined;
    this.#kept.defer(() => current?.client[Symbol.dispose]());
    const sessionId = () => {
      const found = current && this.#cache.find(current.session.id);
      found?.secret[Symbol.dispose]();
      if (found === undefined) {
        current?.client[Symbol.dispose]();
        const client = new ScriptedTls12Client(this.clientPool, { serverName });
        this.#complete(client, () => client.finished());
        current = { client, session: client.session };
      }
      return current!.session;
    };
    return { ticket: () => ticket, sessionId };
  }

  #complete(client: ScriptedClient | ScriptedTls12Client, finished: () => Uint8Array): void {
    using server = new SoakServer(this.#options, soakSite);
    const give = (bytes: Uint8Array) => {
      server.receive(bytes);
      while (server.asks) server.answer();
      client.receive(server.engine.takeOutput());
    };
    give(client.start());
    if (client instanceof ScriptedTls12Client) {
      give(client.clientKeyExchange());
      give(client.changeCipherSpec());
    }
    give(finished());
    if (!server.completed) throw new Error("no session to resume was made");
  }

  [Symbol.dispose](): void {
    this.#kept.dispose();
    this.#cache[Symbol.dispose]();
    this.#keys[Symbol.dispose]();
    const left = this.blocksInUse;
    this.serverPool[Symbol.dispose]();
    this.clientPool[Symbol.dispose]();
    if (left > 0) throw new Error(`${left} blocks were not returned`);
  }
}
