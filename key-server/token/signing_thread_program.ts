/** For signing_thread.ts: does the jobs of a ring with the module that the process has initialised. */
import type { Buffer } from "node:buffer";
import pkcs11js, { type PKCS11 } from "pkcs11js";
import { threadCpuMicroseconds } from "../../shared/libc/bindings.ts";
import type { SigningCost } from "./signing_cost.ts";
import { type RingJob, type RingOutcome, RingScratch, SigningRing } from "./signing_ring.ts";
import type { SigningThreadStart } from "./signing_thread.ts";

/** Milliseconds between wake-ups of the main thread while signatures follow each other. Each costs it some 50 us. */
const tellEvery = 0.25;
/** The same while there is enough to do: who has to wait that long anyhow loses nothing by it. */
const tellEveryWhenBusy = 4;
/** Milliseconds of work at hand that are enough to do. */
const busy = 2;

const scope = self as unknown as {
  onmessage: (event: MessageEvent<SigningThreadStart>) => void;
  postMessage(message: "ready"): void;
  close(): void;
};

const scratch = new RingScratch();
const untimed: SigningCost = { wall: 0, cpu: 0 };

function signOrFail(calls: PKCS11, { session, key, input }: RingJob): Omit<RingOutcome, "cost"> {
  try {
    calls.C_SignInit(session, input.mechanism, key);
    const output = calls.C_Sign(session, input.data as Buffer, scratch.output);
    return { failed: false, output };
  } catch (error) {
    const words = error instanceof Error ? error.message : "unknown failure";
    return { failed: true, output: new TextEncoder().encode(words) };
  }
}

function sign(calls: PKCS11, job: RingJob): RingOutcome {
  if (!job.timed) return { ...signOrFail(calls, job), cost: untimed };
  const [began, cpuBegan] = [performance.now(), threadCpuMicroseconds()];
  const outcome = signOrFail(calls, job);
  const cost = { wall: (performance.now() - began) * 1000, cpu: threadCpuMicroseconds() - cpuBegan };
  return { ...outcome, cost };
}

scope.onmessage = ({ data: { modulePath, memory } }) => {
  const calls = new pkcs11js.PKCS11();
  calls.load(modulePath);
  const ring = new SigningRing(memory);
  scope.postMessage("ready");
  let told = performance.now();
  let before = told;
  for (let number = 0; ring.await(number); number = number + 1 | 0) {
    ring.finish(number, sign(calls, ring.job(number, scratch)));
    const now = performance.now();
    const ahead = ring.putAfter(number);
    const wait = ahead * (now - before) > busy ? tellEveryWhenBusy : tellEvery;
    before = now;
    if (ahead > 0 && now - told < wait) continue;
    ring.tell();
    told = now;
  }
  ring.tell();
  scope.close();
};
