import type { Handle, PKCS11 } from "pkcs11js";
import { CallThread, type ThreadCall, threadCalls } from "./call_thread.ts";
import { CallWatch } from "./call_watch.ts";

type ThreadCalls = {
  readonly [Name in Exclude<ThreadCall, "C_FindObjects">]: (
    ...parameters: Parameters<PKCS11[Name]>
  ) => Promise<ReturnType<PKCS11[Name]>>;
};

/**
 * The PKCS#11 calls that are made of a token. None is made in the main thread: a module may hang in any of them. Failures
 * are the addon's; `calling` makes TokenErrors of them.
 */
export interface TokenCalls extends ThreadCalls {
  /** At most `count` handles. */
  readonly C_FindObjects: (session: Handle, count: number) => Promise<Handle[]>;
  /** In the addon's own threads; what they are given has to stay in its place until the answer. */
  readonly C_SignAsync: PKCS11["C_SignAsync"];
  readonly C_DecryptAsync: PKCS11["C_DecryptAsync"];
  /** Not watched: an RSA key takes as long as it takes, and the token may sign meanwhile. */
  readonly C_GenerateKeyPairAsync: PKCS11["C_GenerateKeyPairAsync"];
}

/** Threads of one token, those that hang included. */
const mostThreads = 4;

/** Makes one token's calls, all of them watched. A thread whose call does not come back is left to it, and another begins. */
export class TokenCaller implements Disposable {
  readonly calls: TokenCalls;
  readonly watch: CallWatch;
  readonly #modulePath: string;
  readonly #patience: number;
  readonly #threads: CallThread[] = [];
  #disposed = false;

  /** `addon` has loaded the module; `patience` in milliseconds, without end unless told: for tools that nobody waits for. */
  constructor(addon: PKCS11, modulePath: string, patience = Infinity) {
    const watch = this.watch = new CallWatch(patience);
    this.#modulePath = modulePath;
    this.#patience = patience;
    const inThread = threadCalls.map((name) => {
      const call = (...parameters: unknown[]) =>
        watch.during(async () => await this.#thread().call(name, parameters));
      return [name, call] as const;
    });
    this.calls = {
      ...Object.fromEntries(inThread) as unknown as ThreadCalls,
      C_SignAsync: (session, input, output) => watch.during(() => addon.C_SignAsync(session, input, output)),
      C_DecryptAsync: (session, input, output) =>
        watch.during(() => addon.C_DecryptAsync(session, input, output)),
      C_GenerateKeyPairAsync: (session, mechanism, publicHalf, privateHalf) =>
        addon.C_GenerateKeyPairAsync(session, mechanism, publicHalf, privateHalf),
    } as TokenCalls;
  }

  /** Each thread ends after the calls that it has; further ones fail. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    for (const thread of this.#threads.splice(0)) thread.stop();
  }

  /** The youngest, unless it hangs. Older ones end once their calls have come back. */
  #thread(): CallThread {
    if (this.#disposed) throw new Error("CKR_CRYPTOKI_NOT_INITIALIZED");
    const youngest = this.#threads.at(-1);
    if (youngest !== undefined && youngest.waited < this.#patience) return youngest;
    for (const thread of [...this.#threads]) {
      if (thread.waited === 0) this.#threads.splice(this.#threads.indexOf(thread), 1);
    }
    if (youngest !== undefined && this.#threads.length === mostThreads) return youngest;
    youngest?.stop();
    const thread = new CallThread(this.#modulePath);
    this.#threads.push(thread);
    return thread;
  }
}
