import type { PKCS11 } from "pkcs11js";
import { withBuffers } from "./with_buffers.ts";

/** The calls that are over when they return, which is when the module likes. */
export const threadCalls = [
  "C_GetSlotList",
  "C_GetSlotInfo",
  "C_GetTokenInfo",
  "C_GetMechanismList",
  "C_GetMechanismInfo",
  "C_OpenSession",
  "C_GetSessionInfo",
  "C_CloseSession",
  "C_CloseAllSessions",
  "C_FindObjectsInit",
  "C_FindObjects",
  "C_FindObjectsFinal",
  "C_GetAttributeValue",
  "C_SignInit",
  "C_DecryptInit",
  "C_DestroyObject",
] as const satisfies readonly (keyof PKCS11)[];

export type ThreadCall = typeof threadCalls[number];

/** To call_thread_program.ts, which answers in the order of asking. */
export type CallRequest = {
  readonly stop?: undefined;
  readonly modulePath: string;
  readonly name: ThreadCall;
  readonly parameters: readonly unknown[];
} | { readonly stop: true };

/** Back: what the addon returned, or its words for a failure. */
export type CallAnswer = { readonly failure?: undefined; readonly value: unknown } | {
  readonly failure: string;
};

interface Asker {
  readonly began: number;
  readonly give: (value: unknown) => void;
  readonly refuse: (error: Error) => void;
}

/** A thread that makes PKCS#11 calls: one that hangs stops this thread, and not the event loop. */
export class CallThread {
  readonly #modulePath: string;
  readonly #worker: Worker;
  readonly #askers: Asker[] = [];
  #stopped = false;

  constructor(modulePath: string) {
    this.#modulePath = modulePath;
    this.#worker = new Worker(import.meta.resolve("./call_thread_program.ts"), { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<CallAnswer>) => this.#answer(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#answer({ failure: event.message });
    };
  }

  /** How many milliseconds the oldest call has waited for its answer; 0: there is none. */
  get waited(): number {
    const [oldest] = this.#askers;
    return oldest === undefined ? 0 : performance.now() - oldest.began;
  }

  /** Resolves with what the addon returns. Throws Error with CKR_... or the addon's words. */
  call(name: ThreadCall, parameters: readonly unknown[]): Promise<unknown> {
    return new Promise((give, refuse) => {
      this.#askers.push({ began: performance.now(), give, refuse });
      const request: CallRequest = { modulePath: this.#modulePath, name, parameters };
      this.#worker.postMessage(request);
    });
  }

  /** Ends it after the calls that it has. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    const request: CallRequest = { stop: true };
    this.#worker.postMessage(request);
  }

  #answer(answer: CallAnswer): void {
    const asker = this.#askers.shift();
    if (answer.failure !== undefined) asker?.refuse(new Error(answer.failure));
    else asker?.give(withBuffers(answer.value));
  }
}
