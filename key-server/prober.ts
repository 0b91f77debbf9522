import { clearTimeout, setTimeout } from "node:timers";
import type { Readiness } from "../shared/admin_port.ts";
import type { Logger } from "../shared/log.ts";
import type { KeyRing } from "./key_ring.ts";
import type { ServedKey } from "./served_key.ts";
import { mayBeMendedByReopening } from "./token/errors.ts";

/** A key's last probe. */
interface ProbeResult {
  readonly ok: boolean;
  /** In words; of a failure. */
  readonly error?: string;
  readonly at?: string;
  readonly milliseconds?: number;
}

/** Milliseconds: the soonest a token that failed is looked after again. */
const hastenedInterval = 500;

/** A probe that takes longer than this many intervals counts as failed: the token hangs. */
const patience = 2;

/**
 * Signs a probe with each key again and again, so that /readyz tells what a request would meet; and opens a token
 * anew that lost its sessions or was away.
 */
export class Prober implements AsyncDisposable {
  readonly #keys: KeyRing;
  readonly #interval: number;
  readonly #log: Logger;
  /** Of keys that answer; a key is a new one whenever it was loaded anew. */
  readonly #results = new WeakMap<ServedKey, ProbeResult>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #round: Promise<void> | undefined;
  #roundBegan = 0;
  #stopped = false;

  /** `interval` in milliseconds. A key is tested before it answers: it begins as good. */
  constructor(keys: KeyRing, interval: number, log: Logger) {
    this.#keys = keys;
    this.#interval = interval;
    this.#log = log;
    this.#schedule(interval);
  }

  /** A request met a failing token: look sooner. */
  hasten(): void {
    if (this.#round === undefined) this.#schedule(Math.min(hastenedInterval, this.#interval));
  }

  /** Ready when every active key is loaded and signed at its last probe, and none hangs. */
  readiness(): Readiness {
    const hanging = this.hangs;
    const results = new Map<string, ProbeResult>(
      this.#keys.keys.map((key) => [key.name, this.#results.get(key) ?? { ok: true }]),
    );
    for (const [name, error] of this.#keys.problems) results.set(name, { ok: false, error });
    const ready = !hanging && [...results.values()].every(({ ok }) => ok);
    return {
      ready,
      checks: { keys: Object.fromEntries(results), ...(hanging ? { token: "does not answer" } : {}) },
    };
  }

  /** Whether a token has been silent for longer than a probe may take. */
  get hangs(): boolean {
    return this.#round !== undefined && Date.now() - this.#roundBegan > patience * this.#interval;
  }

  /** Why a key does not answer; undefined: it has at its last probe. */
  problemWith(name: string): string | undefined {
    const key = this.#keys.keys.find((served) => served.name === name);
    const last = key && this.#results.get(key);
    if (last?.ok === false) return last.error ?? "its last probe failed";
    return this.#keys.problems.get(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#round;
  }

  #schedule(delay: number): void {
    clearTimeout(this.#timer);
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#roundBegan = Date.now();
      this.#round = this.#probeAll().finally(() => {
        this.#round = undefined;
        this.#schedule(this.#interval);
      });
    }, delay);
  }

  async #probeAll(): Promise<void> {
    await this.#keys.retry();
    for (const key of this.#keys.keys) {
      if (this.#stopped) return;
      const failure = await this.#probe(key);
      if (failure === undefined || !mayBeMendedByReopening(failure)) continue;
      await this.#reopen(key);
    }
  }

  async #reopen(key: ServedKey): Promise<void> {
    const { token } = key.tokenKey;
    try {
      await token.reopen();
      this.#log.info({ event: "token-reopened", token: token.name }, "the token was opened anew");
    } catch (error) {
      this.#log.error(
        { event: "token-away", token: token.name, reason: words(error) },
        "the token cannot be opened",
      );
      return;
    }
    await this.#probe(key);
  }

  /** Probes a key and keeps the result; returns what failed. */
  async #probe(key: ServedKey): Promise<unknown> {
    const { name } = key;
    const start = performance.now();
    const failure = await useOnce(key).then(() => undefined, (error) => error as unknown);
    const before = this.#results.get(key)?.ok;
    const result = { at: new Date().toISOString(), milliseconds: Math.round(performance.now() - start) };
    if (failure === undefined) {
      this.#results.set(key, { ok: true, ...result });
      if (before === false) this.#log.info({ event: "key-recovered", key: name }, "the key signs again");
    } else {
      this.#results.set(key, { ok: false, error: words(failure), ...result });
      if (before !== false) {
        this.#log.error({ event: "key-failed", key: name, reason: words(failure) }, "the key does not sign");
      }
    }
    return failure;
  }
}

/** Whatever the key is for. */
async function useOnce({ tokenKey, decryption }: ServedKey): Promise<void> {
  if (tokenKey.signatureSchemes.length > 0 || decryption === undefined) await tokenKey.probe();
  await decryption?.probe();
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : "unknown failure";
}
