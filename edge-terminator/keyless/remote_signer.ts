import type { LockedPool } from "../../shared/memory/locked_pool.ts";
import type { Secret } from "../../shared/memory/secret.ts";
import type { RsaDecryptionRequest, SignatureRequest } from "../tls/server_events.ts";
import { DeadlineWheel } from "../../shared/deadline_wheel.ts";
import type { KeyServerEndpoint } from "./endpoint.ts";
import { KeyOperationError, type KeyOperationErrorCode } from "./errors.ts";
import type { KeylessEvents } from "./events.ts";
import { Failover, verdicts } from "./failover.ts";
import type { IdentityFiles } from "./identity.ts";
import { type KeyOperation, rsaKeyExchangeOperation, signatureOperation } from "./key_operation.ts";
import type { TranscriptForm } from "./key_request.ts";
import type { KeyServerHealth } from "./key_server_health.ts";
import { KeyServerLink } from "./key_server_link.ts";
import { defaultLinkTiming, type LinkTiming } from "./link_timing.ts";

/** Where the edge's signatures come from, and master secrets where RSA key exchange is on. */
export interface RemoteSigner {
  /**
   * The signature as the TLS message carries it (ECDSA in DER), within `deadline` milliseconds; tries other key
   * servers where they may help. Rejects with {@link KeyOperationError}, at the deadline at the latest.
   */
  sign(request: SignatureRequest, options: { readonly deadline: number }): Promise<Uint8Array>;
  /**
   * The master secret of a TLS 1.2 RSA key exchange, 48 bytes in a block of `pool` that the caller owns. Tries and rejects
   * as `sign` does; a bad ciphertext is no reason to.
   */
  exchangeRsaKey(
    request: RsaDecryptionRequest,
    options: { readonly deadline: number; readonly pool: LockedPool },
  ): Promise<Secret>;
  /** By the configuration's order. */
  health(): KeyServerHealth[];
  /** Operations that nobody has answered yet; 0 once every promise has settled. */
  readonly inFlight: number;
  /** Refuses new operations and says why, lets those in flight end, then closes every connection. */
  close(reason?: string): Promise<void>;
}

export interface RemoteSignerOptions {
  /** By preference: the first that is connected and works is asked. Not empty; no two alike. */
  readonly keyServers: readonly KeyServerEndpoint[];
  readonly identity: IdentityFiles;
  readonly transcript: TranscriptForm;
  readonly events?: KeylessEvents;
  readonly timing?: LinkTiming;
  /** Requests in flight to one key server at most. Default 1024, as a key server allows a connection. */
  readonly maximumInFlight?: number;
  /** Bytes that one key server has not taken yet, at most. Default 4 MiB. */
  readonly maximumUnsentBytes?: number;
  /** Operations that wait for any key server to be connected, at most. Default 1024. */
  readonly maximumWaiting?: number;
}

/** The part of the time left that an attempt gets while another key server could still be asked. */
const attemptShare = 0.6;
/** Errors after which a key server that is away may still have the answer. */
const leavesOpen: ReadonlySet<KeyOperationErrorCode> = new Set<KeyOperationErrorCode>([
  "connection-lost",
  "unknown-key",
]);
/** A request that costs a key server its life must not go on doing so. */
const maximumLosses = 2;

/** Connects to every key server and keeps at it; the signer may be used at once. */
export function openRemoteSigner(options: RemoteSignerOptions): RemoteSigner {
  return new KeyServerSigner(options);
}

/** One operation on its way through the key servers. */
interface Operation<Result> {
  readonly wanted: KeyOperation<Result>;
  /** On the clock of `performance.now`. */
  readonly until: number;
  readonly excluded: Set<KeyServerLink>;
  readonly losses: Map<KeyServerLink, number>;
  attempts: number;
  lastError: KeyOperationError | undefined;
  /** What a key server answered that neither lacks the key nor was lost: nobody waits any more. */
  definiteError: KeyOperationError | undefined;
}

class KeyServerSigner implements RemoteSigner {
  readonly #wheel = new DeadlineWheel();
  readonly #links: KeyServerLink[];
  readonly #failover: Failover;
  readonly #transcript: TranscriptForm;
  readonly #events: KeylessEvents;
  readonly #operations = new Set<Promise<unknown>>();
  /** Why nothing is asked any more. */
  #closed: string | undefined;

  constructor(options: RemoteSignerOptions) {
    this.#transcript = options.transcript;
    this.#events = options.events ?? {};
    this.#links = options.keyServers.map((endpoint) =>
      new KeyServerLink({
        endpoint,
        identity: options.identity,
        wheel: this.#wheel,
        timing: options.timing ?? defaultLinkTiming,
        maximumInFlight: options.maximumInFlight ?? 1024,
        maximumUnsentBytes: options.maximumUnsentBytes ?? 4 << 20,
        events: this.#events,
        onConnected: () => this.#failover.wake(),
      })
    );
    this.#failover = new Failover(this.#links, options.maximumWaiting ?? 1024);
    for (const link of this.#links) link.start();
  }

  get inFlight(): number {
    return this.#operations.size;
  }

  sign(request: SignatureRequest, { deadline }: { readonly deadline: number }): Promise<Uint8Array> {
    return this.#begin(signatureOperation(request, this.#transcript), deadline);
  }

  exchangeRsaKey(
    request: RsaDecryptionRequest,
    { deadline, pool }: { readonly deadline: number; readonly pool: LockedPool },
  ): Promise<Secret> {
    return this.#begin(rsaKeyExchangeOperation(request, pool), deadline);
  }

  health(): KeyServerHealth[] {
    return this.#links.map((link) => link.health());
  }

  async close(reason = "the edge is stopping"): Promise<void> {
    this.#closed ??= reason;
    this.#failover.wake();
    await Promise.allSettled(this.#operations);
    await Promise.all(this.#links.map((link) => link.close()));
    this.#wheel[Symbol.dispose]();
  }

  #begin<Result>(wanted: KeyOperation<Result>, deadline: number): Promise<Result> {
    const operation: Operation<Result> = {
      wanted,
      until: performance.now() + deadline,
      excluded: new Set(),
      losses: new Map(),
      attempts: 0,
      lastError: undefined,
      definiteError: undefined,
    };
    const result = this.#complete(operation, performance.now());
    this.#operations.add(result);
    return result.finally(() => this.#operations.delete(result));
  }

  async #complete<Result>(operation: Operation<Result>, began: number): Promise<Result> {
    const report = (result: "ok" | KeyOperationError["code"]) => {
      const seconds = (performance.now() - began) / 1000;
      this.#events.operation?.({
        operation: operation.wanted.name,
        result,
        attempts: operation.attempts,
        seconds,
      });
    };
    try {
      const answer = await this.#run(operation);
      report("ok");
      return answer;
    } catch (error) {
      if (error instanceof KeyOperationError) report(error.code);
      throw error;
    }
  }

  async #run<Result>(operation: Operation<Result>): Promise<Result> {
    if (this.#closed !== undefined) throw new KeyOperationError("signer-closed", this.#closed);
    for (;;) {
      const left = operation.until - performance.now();
      const [link, other] = this.#failover.candidates(operation.wanted.keyName, operation.excluded);
      if (left <= 0) throw this.#outOfTime(operation);
      if (link === undefined) {
        await this.#waitForKeyServer(operation, left);
        continue;
      }
      const answer = await this.#attempt(operation, link, other === undefined ? left : left * attemptShare);
      if (answer !== undefined) return answer;
    }
  }

  /** One attempt at one key server. Undefined: try again; throws what is final. */
  async #attempt<Result>(
    operation: Operation<Result>,
    link: KeyServerLink,
    time: number,
  ): Promise<Result | undefined> {
    operation.attempts++;
    try {
      return await operation.wanted.ask(link, time);
    } catch (error) {
      if (!(error instanceof KeyOperationError)) throw error;
      operation.lastError = error;
      this.#failover.note(link, operation.wanted.keyName, error);
      const verdict = verdicts[error.code];
      if (verdict === "final") throw error;
      if (!leavesOpen.has(error.code)) operation.definiteError = error;
      const losses = (operation.losses.get(link) ?? 0) + 1;
      operation.losses.set(link, losses);
      if (verdict === "elsewhere" || losses >= maximumLosses) operation.excluded.add(link);
      return undefined;
    }
  }

  /** Returns when a key server has accepted a channel; throws when there is nothing left to wait for. */
  async #waitForKeyServer(operation: Operation<unknown>, left: number): Promise<void> {
    const { lastError, definiteError, excluded } = operation;
    // After a definite answer from those that are there, the handshake is not held up for one that is not.
    if (definiteError !== undefined) throw definiteError;
    if (!this.#failover.mayComeBack(excluded)) throw lastError ?? nobodyInTime();
    if (!this.#failover.mayWait) {
      throw new KeyOperationError("edge-overloaded", "too many handshakes wait for a key server");
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const stopWaiting = this.#failover.waitForConnection(resolve);
    const deadline = this.#wheel.set(left, resolve);
    await promise;
    stopWaiting();
    this.#wheel.clear(deadline);
    if (this.#closed !== undefined) throw lastError ?? new KeyOperationError("signer-closed", this.#closed);
  }

  /** That those in reach lack the key is not what failed, as long as one is away that may have it. */
  #outOfTime({ lastError, excluded }: Operation<unknown>): KeyOperationError {
    if (lastError?.code !== "unknown-key" || !this.#failover.mayComeBack(excluded)) {
      return lastError ?? nobodyInTime();
    }
    const reason = "those in reach do not know the key, and no other came back in time";
    return new KeyOperationError("no-key-server", reason, { cause: lastError });
  }
}

function nobodyInTime(): KeyOperationError {
  return new KeyOperationError("no-key-server", "no key server could be reached in time");
}
