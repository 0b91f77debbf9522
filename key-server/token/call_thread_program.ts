/** For call_thread.ts: makes calls with the module that the process has initialised, one after the other. */
import pkcs11js, { type PKCS11 } from "pkcs11js";
import type { CallAnswer, CallRequest } from "./call_thread.ts";
import { withBuffers } from "./with_buffers.ts";

const scope = self as unknown as {
  onmessage: (event: MessageEvent<CallRequest>) => void;
  postMessage(answer: CallAnswer): void;
  close(): void;
};

/** pkcs11js puts the module's answer into an error's message or only into its stack. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown failure";
  return /CKR_[A-Z0-9_]+/.exec(`${error.message} ${error.stack}`)?.[0] ?? error.message;
}

let calls: PKCS11 | undefined;

scope.onmessage = ({ data }) => {
  if (data.stop === true) return scope.close();
  try {
    if (calls === undefined) {
      calls = new pkcs11js.PKCS11();
      calls.load(data.modulePath);
    }
    const make = calls[data.name] as (...parameters: unknown[]) => unknown;
    scope.postMessage({ value: make.apply(calls, data.parameters.map(withBuffers)) });
  } catch (error) {
    scope.postMessage({ failure: wordsOf(error) });
  }
};
