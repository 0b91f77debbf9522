/** For raw/program.ts: signs in a thread of its own, through the module that the process has initialised. */
import { Buffer } from "node:buffer";
import pkcs11js, { type Mechanism } from "pkcs11js";
import type { RawThreadJob } from "./job.ts";
import { signForSeconds } from "./sign_loop.ts";

const scope = self as unknown as {
  onmessage: (event: MessageEvent<RawThreadJob>) => void;
  postMessage(message: number[] | "ready"): void;
};

scope.onmessage = ({ data: job }) => {
  const calls = new pkcs11js.PKCS11();
  calls.load(job.modulePath);
  const signing = { calls, key: Buffer.from(job.key), mechanism: job.mechanism as Mechanism, data: job.data };
  scope.postMessage(signForSeconds(signing, Buffer.from(job.session), job.seconds));
};
scope.postMessage("ready");
