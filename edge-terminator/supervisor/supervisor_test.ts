/** The supervisor with workers of a few lines: what it does when they misbehave. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { createLogger } from "../../shared/log.ts";
import { isAlive } from "../../test/harness/proc/inspect.ts";
import { poll } from "../../test/harness/poll.ts";
import type { Revision } from "./generation.ts";
import { Supervisor } from "./supervisor.ts";
import type { SlotTiming } from "./worker_slot.ts";

const timing: SlotTiming = {
  start: 3000,
  reportInterval: 50,
  silence: 400,
  restart: { first: 20, longest: 100, forgivenAfter: 60_000 },
};

class Stage implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly supervisor: Supervisor;

  constructor(changes: Partial<SlotTiming> = {}) {
    const log = createLogger("edge-supervisor", "debug", (line) => this.lines.push(line));
    this.supervisor = new Supervisor(log, { ...timing, ...changes });
  }

  get records(): Record<string, unknown>[] {
    return this.lines.map((line) => JSON.parse(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.supervisor.stop(0);
  }
}

function revision(behaviour: string, workers = 2): Revision {
  const script = fileURLToPath(new URL("./testing/scripted_worker.ts", import.meta.url));
  return {
    configFile: "/nowhere.toml",
    configText: "",
    addresses: [{ host: "127.0.0.1", port: 0 }],
    workers,
    command: {
      command: Deno.execPath(),
      args: ["run", "--quiet", "--no-prompt", "--no-config", script, behaviour],
    },
    controlState: undefined,
    drainDeadline: 300,
  };
}

Deno.test("a worker that fails, says nothing, or says what no worker says, keeps the edge from starting", async () => {
  for (
    const [behaviour, reason] of [
      ["fails", /said the test/],
      ["mute", /Cannot start worker \d: it ended with SIGKILL/],
      ["garbage", /not JSON/],
      ["lies", /malformed at connections/],
    ] as const
  ) {
    await using stage = new Stage({ start: 700 });
    await assert.rejects(stage.supervisor.start(revision(behaviour)), reason);
    assert.deepEqual(stage.supervisor.workers, []);
    assert.deepEqual(stage.supervisor.addresses, [], "a listening socket is left");
  }
});

Deno.test("a stop while workers start ends them at once, and the start", async () => {
  await using stage = new Stage({ start: 20_000 });
  const start = stage.supervisor.start(revision("mute"));
  const refused = assert.rejects(start, { code: "edge-stopping" });
  await poll("two workers", () => stage.supervisor.workers.length === 2);
  await stage.supervisor.stop();
  await refused;
  assert.deepEqual(stage.supervisor.workers, []);
  assert.deepEqual(stage.supervisor.addresses, []);
});

Deno.test("a stop during a reload leaves neither the old workers nor the new ones", async () => {
  await using stage = new Stage({ start: 20_000 });
  await stage.supervisor.start(revision("good"));
  const reload = stage.supervisor.reload(revision("mute"));
  const refused = assert.rejects(reload, { code: "edge-stopping" });
  await poll("four workers", () => stage.supervisor.workers.length === 4);
  await stage.supervisor.stop();
  await refused;
  assert.deepEqual(stage.supervisor.workers, []);
});

Deno.test("the error of a worker that cannot start keeps its own code", async () => {
  await using stage = new Stage();
  await assert.rejects(stage.supervisor.start(revision("fails")), { code: "memory-lock-limit" });
});

Deno.test("workers that crash again and again are restarted with growing pauses", async () => {
  await using stage = new Stage();
  await stage.supervisor.start(revision("crashes", 1));
  const pauses = await poll("six crashes", () => {
    const crashes = stage.records.filter(({ event }) => event === "worker-crashed");
    return crashes.length >= 6 && crashes.slice(0, 6).map(({ restartInMs }) => restartInMs);
  });
  assert.deepEqual(pauses, [0, 20, 40, 80, 100, 100]);
});

Deno.test("a worker that no longer answers is killed and replaced", async () => {
  await using stage = new Stage();
  await stage.supervisor.start(revision("silent", 1));
  const [first] = stage.supervisor.workers;
  await poll("restart", () => stage.records.some(({ event }) => event === "worker-restarted"));
  assert(!isAlive(first!.pid));
  assert(stage.records.some(({ event, worker }) => event === "worker-silent" && worker === first!.pid));
});

Deno.test("what a killed worker had counted stays counted, and readiness names it until it is replaced", async () => {
  await using stage = new Stage({ restart: { first: 20, longest: 100, forgivenAfter: 60_000 } });
  await stage.supervisor.start(revision("good"));
  assert((await stage.supervisor.readiness()).ready);
  assert.match(await stage.supervisor.metrics(), /^holdfast_test_total 2$/m);
  const [victim] = stage.supervisor.workers;
  victim!.kill();
  await victim!.exited;
  assert.equal((await stage.supervisor.readiness()).ready, false);
  await poll("readiness", async () => (await stage.supervisor.readiness()).ready);
  assert.match(await stage.supervisor.metrics(), /^holdfast_test_total 3$/m);
});

Deno.test("a worker that does not drain is killed after the deadline", async () => {
  const stage = new Stage();
  await stage.supervisor.start(revision("stubborn"));
  const workers = stage.supervisor.workers;
  await stage.supervisor.stop();
  for (const { pid } of workers) assert(!isAlive(pid));
});

Deno.test("a reload whose workers cannot start leaves the old ones, and none of the new", async () => {
  await using stage = new Stage();
  await stage.supervisor.start(revision("good"));
  const before = stage.supervisor.workers.map(({ pid }) => pid);
  await assert.rejects(stage.supervisor.reload({ ...revision("fails"), workers: 4 }), /said the test/);
  await poll("the new ones' end", () => stage.supervisor.workers.length === 2);
  assert.deepEqual(stage.supervisor.workers.map(({ pid }) => pid), before);
  assert((await stage.supervisor.readiness()).ready);
});
