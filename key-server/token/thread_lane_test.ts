import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { CallWatch } from "./call_watch.ts";
import type { RingJob, RingOutcome } from "./signing_ring.ts";
import { type LaneThread, ThreadLane, type ThreadSession } from "./thread_lane.ts";

const input = { mechanism: { mechanism: 1 }, data: new Uint8Array(1) };
const key = Buffer.alloc(8);
const neverLate = () => false;
const cost = { wall: 0, cpu: 0 };
const [short, long] = [{ wall: 50, cpu: 50 }, { wall: 2000, cpu: 2000 }];

/** Answers when the test says so. */
class ScriptedThread implements LaneThread {
  readonly taken: { job: RingJob; answer: (outcome: RingOutcome) => void }[] = [];
  hangs = false;

  get jobs(): number {
    return this.taken.length;
  }

  get isFull(): boolean {
    return this.taken.length >= 128;
  }

  sign(job: RingJob, answer: (outcome: RingOutcome) => void): void {
    this.taken.push({ job, answer });
  }

  answer(words?: string): void {
    const { answer } = this.taken.shift()!;
    const output = words === undefined ? new Uint8Array(64) : new TextEncoder().encode(words);
    answer({ failed: words !== undefined, output, cost });
  }
}

function setUp() {
  const threads = [new ScriptedThread(), new ScriptedThread()] as const;
  const renewed: ThreadSession[] = [];
  const sessions = threads.map((_, index) => ({ handle: Buffer.alloc(8, index) }));
  const lane = new ThreadLane(threads, sessions, (session) => {
    renewed.push(session);
    session.handle = Buffer.alloc(8, 9);
    return Promise.resolve();
  }, new CallWatch(1000));
  return { threads, renewed, sessions, lane };
}

Deno.test("short signatures stay in one thread while it keeps up, long ones are spread", async () => {
  const { threads: [first, second], lane } = setUp();
  const asked = Array.from({ length: 3 }, () => lane.sign(key, input, neverLate, short));
  assert.deepEqual([first.jobs, second.jobs], [3, 0]);
  for (let i = 0; i < 3; i++) first.answer();
  await Promise.all(asked);
  for (let i = 0; i < 4; i++) void lane.sign(key, input, neverLate, long);
  assert.deepEqual([first.jobs, second.jobs, lane.inUse], [2, 2, 2]);
});

Deno.test("a thread is given a few milliseconds of work, the rest waits its turn", async () => {
  const { threads: [first, second], lane } = setUp();
  const order: number[] = [];
  const asked = Array.from(
    { length: 20 },
    (_, index) => lane.sign(key, input, neverLate, long).then(() => order.push(index)),
  );
  assert.deepEqual([first.jobs, second.jobs, lane.waiting], [4, 4, 12]);
  while (order.length < 20) {
    for (const thread of [first, second]) if (thread.jobs > 0) thread.answer();
    await Promise.resolve();
    await Promise.resolve();
  }
  await Promise.all(asked);
  assert.deepEqual(order, order.toSorted((a, b) => a - b));
  assert.deepEqual([lane.inUse, lane.waiting], [0, 0]);
});

Deno.test("short signatures that would wait long go to every thread", () => {
  const { threads: [first, second], lane } = setUp();
  for (let i = 0; i < 1000; i++) void lane.sign(key, input, neverLate, short);
  assert.ok(first.jobs > 0 && second.jobs > 0);
});

Deno.test("after a failure the session is opened anew once nothing is in it, and others go on", async () => {
  const { threads: [first, second], renewed, sessions, lane } = setUp();
  const [failing, other] = [lane.sign(key, input, neverLate, short), lane.sign(key, input, neverLate, short)];
  first.answer("CKR_DEVICE_ERROR:48");
  await assert.rejects(failing, { code: "token-failure", returnValue: "CKR_DEVICE_ERROR" });
  const waits = lane.sign(key, input, neverLate, short);
  assert.deepEqual([first.jobs, second.jobs, renewed.length], [1, 0, 0], "not into a session that failed");
  first.answer();
  await other;
  await Promise.resolve();
  assert.deepEqual(renewed, [sessions[0]]);
  assert.deepEqual(first.taken[0]!.job.session, Buffer.alloc(8, 9));
  first.answer();
  await waits;
});

Deno.test("what is late when its turn comes is not begun", async () => {
  const { threads: [first], lane } = setUp();
  let late = false;
  for (let i = 0; i < 8; i++) void lane.sign(key, input, neverLate, long);
  const asked = lane.sign(key, input, () => late, long);
  late = true;
  first.answer();
  await assert.rejects(asked, { code: "deadline-passed" });
});

Deno.test("a lane with a thread that hangs is not used, and gives back who waits", () => {
  const { threads: [first], lane } = setUp();
  for (let i = 0; i < 10; i++) void lane.sign(key, input, neverLate, long);
  assert.equal(lane.isUsable, true);
  first.hangs = true;
  assert.equal(lane.isUsable, false);
  assert.equal(lane.takeWaiting().length, 2);
  assert.equal(lane.waiting, 0);
});

Deno.test("closing refuses who waits, and waits for what the threads have", async () => {
  const { threads, lane } = setUp();
  const asked = Array.from({ length: 9 }, () => lane.sign(key, input, neverLate, long));
  const closed = lane.close(() => new Error("closed"));
  await assert.rejects(asked[8]!, /closed/);
  for (const thread of threads) while (thread.jobs > 0) thread.answer();
  await Promise.all([closed, ...asked.slice(0, 8)]);
});
