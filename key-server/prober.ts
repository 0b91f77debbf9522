import { clearTimeout, setTimeout } from "node:timers";
import type { Readiness } from "../shared/admin_port.ts";
import type { Logger } from "../shared/log.ts";
import type { KeyCopy } from "./key_copy.ts";
import type { KeyRing } from "./key_ring.ts";
import type { ServedKey } from "./served_key.ts";
import { mayBeMendedByReopening } from "./token/errors.ts";
import type { Token } from "./token/token.ts";

/** The last probe of a key in one token. */
interface ProbeResult {
  readonly ok: boolean;
  /** In words; of a failure. */
  readonly error?: string;
  readonly at?: string;
  readonly milliseconds?: number;
}

/** Milliseconds: the soonest a token that failed is looked after again. */
const hastenedInterval = 500;

/**
 * Signs a probe with each key again and again, so that /readyz tells what a request would meet; and opens a token
 * anew that lost its sessions or was away. Tokens are looked after side by side: one that hangs holds up no other.
 */
export class Prober implements AsyncDisposable {
  readonly #keys: KeyRing;
  readonly #interval: number;
  readonly #log: Logger;
  /** Of copies that answer; a copy is a new one whenever it was loaded anew. */
  readonly #results = new WeakMap<KeyCopy, ProbeResult>();
  /** Those under way: of a token, or of loading what could not be loaded. */
  readonly #rounds = new Map<Token | "loading", Promise<void>>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #due = 0;
  #stopped = false;

  /** `interval` in milliseconds. A key is tested before it answers: it begins as good. */
  constructor(keys: KeyRing, interval: number, log: Logger) {
    this.#keys = keys;
    this.#interval = interval;
    this.#log = log;
    keys.onTokenFailure = () => this.hasten();
    this.#schedule(interval);
  }

  /** A request met a failing token: look sooner. */
  hasten(): void {
    const delay = Math.min(hastenedInterval, this.#interval);
    if (performance.now() + delay < this.#due) this.#schedule(delay);
  }

  /** Ready when every active key answers from some token. What is wrong with further tokens is told beside it. */
  readiness(): Readiness {
    const results = new Map(this.#keys.keys.map((key) => [key.name, this.#resultOf(key)]));
    for (const [name, error] of this.#keys.problems) results.set(name, { ok: false, error });
    const tokens = this.#keys.tokens.flatMap((token) => {
      const problem = problemOf(token);
      return problem === undefined ? [] : [[token.name, problem]];
    });
    const copies = this.#keys.copyProblems;
    return {
      ready: [...results.values()].every(({ ok }) => ok),
      checks: {
        keys: Object.fromEntries(results),
        ...(tokens.length > 0 ? { tokens: Object.fromEntries(tokens) } : {}),
        ...(copies.size > 0 ? { copies: Object.fromEntries(copies) } : {}),
      },
    };
  }

  /** Why a token cannot be used, or a key in it; undefined: nothing is known to be wrong. */
  problemWithToken(token: Token): string | undefined {
    const copies = this.#keys.keys.flatMap((key) => key.copies).filter(({ tokenKey }) =>
      tokenKey.token === token
    );
    return problemOf(token) ?? copies.map((copy) => this.#results.get(copy)?.error).find((error) => error);
  }

  /** Why a key does not answer; undefined: it has at its last probe. */
  problemWith(name: string): string | undefined {
    const key = this.#keys.keys.find((served) => served.name === name);
    const last = key && this.#resultOf(key);
    if (last?.ok === false) return last.error ?? "its last probe failed";
    return this.#keys.problems.get(name);
  }

  /** Waits for what is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await Promise.all(this.#rounds.values());
  }

  /** The best of its copies'. */
  #resultOf(key: ServedKey): ProbeResult {
    const results = key.copies.map((copy): ProbeResult => {
      const problem = problemOf(copy.tokenKey.token);
      const last = this.#results.get(copy) ?? { ok: true };
      return problem === undefined || !last.ok ? last : { ...last, ok: false, error: problem };
    });
    return results.find(({ ok }) => ok) ?? results[0]!;
  }

  #schedule(delay: number): void {
    clearTimeout(this.#timer);
    if (this.#stopped) return;
    this.#due = performance.now() + delay;
    this.#timer = setTimeout(() => {
      this.#begin("loading", () => this.#keys.retry());
      for (const token of this.#keys.tokens) this.#begin(token, () => this.#lookAfter(token));
      this.#schedule(this.#interval);
    }, delay);
  }

  /** One that is still under way, since its token hangs, is not begun a second time. */
  #begin(subject: Token | "loading", run: () => Promise<void>): void {
    if (this.#rounds.has(subject)) return;
    this.#rounds.set(subject, run().finally(() => this.#rounds.delete(subject)));
  }

  async #lookAfter(token: Token): Promise<void> {
    if (!token.isOpen && !await this.#reopen(token, false)) return;
    for (const key of this.#keys.keys) {
      for (const copy of key.copies) {
        if (copy.tokenKey.token === token) await this.#lookAfterCopy(key, copy);
        if (this.#stopped || !token.isOpen) return;
      }
    }
  }

  /** Opens the token anew when that may help; when it did not, with its module started afresh. */
  async #lookAfterCopy(key: ServedKey, copy: KeyCopy): Promise<void> {
    const { token } = copy.tokenKey;
    for (const afresh of [false, true]) {
      const failure = await this.#probe(key, copy);
      if (this.#stopped || failure === undefined || !mayBeMendedByReopening(failure)) return;
      if (!await this.#reopen(token, afresh)) return;
    }
    await this.#probe(key, copy);
  }

  async #reopen(token: Token, afresh: boolean): Promise<boolean> {
    try {
      await token.reopen({ afresh });
      this.#log.info({ event: "token-reopened", token: token.name, afresh }, "the token was opened anew");
      return true;
    } catch (error) {
      this.#log.error(
        { event: "token-away", token: token.name, reason: words(error) },
        "the token cannot be opened",
      );
      return false;
    }
  }

  /** Probes a key in one token and keeps the result; returns what failed. */
  async #probe(key: ServedKey, copy: KeyCopy): Promise<unknown> {
    const { name } = key;
    const { name: token } = copy.tokenKey.token;
    const start = performance.now();
    const failure = await useOnce(copy).then(() => undefined, (error) => error as unknown);
    const before = this.#results.get(copy)?.ok;
    const result = { at: new Date().toISOString(), milliseconds: Math.round(performance.now() - start) };
    key.probed(copy, failure === undefined);
    if (failure === undefined) {
      this.#results.set(copy, { ok: true, ...result });
      if (before === false) {
        this.#log.info({ event: "key-recovered", key: name, token }, "the key signs again");
      }
    } else {
      const reason = words(failure);
      this.#results.set(copy, { ok: false, error: reason, ...result });
      if (before !== false) {
        this.#log.error({ event: "key-failed", key: name, token, reason }, "the key does not sign");
      }
    }
    return failure;
  }
}

/** Whatever the key is for. */
async function useOnce({ tokenKey, decryption }: KeyCopy): Promise<void> {
  if (tokenKey.signatureSchemes.length > 0 || decryption === undefined) await tokenKey.probe();
  await decryption?.probe();
}

function problemOf(token: Token): string | undefined {
  if (token.hangs) return "does not answer";
  return token.isOpen ? undefined : "is away";
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : "unknown failure";
}
