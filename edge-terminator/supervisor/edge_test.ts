/** The edge as it runs: supervisor and workers in processes of their own, started through the front door. */
import assert from "node:assert/strict";
import { mustRun } from "../../test/harness/command.ts";
import { isAlive } from "../../test/harness/proc/inspect.ts";
import { poll } from "../../test/harness/poll.ts";
import { TemporaryFolder } from "../../test/harness/temporary_folder.ts";
import { echoed, EdgeStage } from "./testing/edge_stage.ts";

async function onceEchoed(stage: EdgeStage): Promise<void> {
  using client = await stage.connect();
  assert.equal(await echoed(client, "ping"), "ping");
}

/** Connects again and again until told to stop; resolves with the number of connections served, rejects with the first that was not. */
function load(stage: EdgeStage, clients: number): { stop: () => Promise<number> } {
  let stopped = false;
  let served = 0;
  const one = async () => {
    while (!stopped) {
      await onceEchoed(stage);
      served++;
    }
  };
  const all = Promise.all(Array.from({ length: clients }, one));
  all.catch(() => {});
  return {
    stop: async () => {
      stopped = true;
      await all;
      return served;
    },
  };
}

Deno.test("both workers serve, and the admin port speaks for them together", async () => {
  await using stage = await EdgeStage.start();
  for (let count = 0; count < 24; count++) await onceEchoed(stage);
  const pids = new Set(stage.edge.records.filter(({ event }) => event === "handshake").map(({ pid }) => pid));
  assert.deepEqual([...pids].toSorted(), (await stage.workers()).toSorted());
  assert.equal(
    await stage.edge.metric("holdfast_edge_handshakes_total", { result: "ok", version: "TLSv1.3" }),
    24,
  );
  assert.equal(await stage.edge.metric("holdfast_edge_handshake_seconds_count"), 24);
  // What stays is the ticket key that both workers hold.
  await poll("all blocks back", async () => await stage.edge.metric("holdfast_pool_blocks_used") === 2);
  await stage.keyServer.stop();
  await poll(
    "not ready without a key server",
    async () => (await stage.edge.admin("/readyz")).status === 503,
  );
  assert.equal((await stage.edge.admin("/healthz")).status, 200);
  await stage.keyServer.start();
  await stage.edge.ready();
});

Deno.test("M9: a worker that is killed comes back, the others serve on, and what waited in its queue is served", async () => {
  await using stage = await EdgeStage.start();
  const [victim = 0, other = 0] = await stage.workers();
  await onceEchoed(stage);
  Deno.kill(victim, "SIGSTOP");
  // The kernel shares these among both queues; those in the stopped worker's wait.
  const waiting = Array.from({ length: 30 }, () => onceEchoed(stage));
  let done = 0;
  waiting.forEach((client) => client.then(() => done++, () => {}));
  await poll("the other worker serves", () => done > 0);
  const held = waiting.length - done;
  assert(held > 0, "no connection waits in the stopped worker's queue");
  Deno.kill(victim, "SIGKILL");
  await Promise.all(waiting);
  await poll("a new worker", () => stage.count("worker-restarted") === 1);
  const workers = await stage.workers();
  assert(workers.includes(other) && workers.length === 2 && !workers.includes(victim));
  const crash = stage.edge.records.find(({ event }) => event === "worker-crashed");
  assert.equal(crash?.restartInMs, 0);
  assert.equal(crash?.signal, "SIGKILL");
  await stage.edge.ready();
  const counted = await stage.edge.metric("holdfast_edge_handshakes_total", { result: "ok" });
  assert(counted >= 30, `${counted} handshakes are counted after the crash`);
});

Deno.test("a reload under load resets no connection, open or waiting, and replaces every worker", async () => {
  await using stage = await EdgeStage.start({ patch: { limits: { drain_deadline_ms: 30_000 } } });
  using kept = await stage.connect();
  assert.equal(await echoed(kept, "before"), "before");
  const running = load(stage, 8);
  for (let reloads = 1; reloads <= 3; reloads++) {
    const before = await stage.workers();
    await stage.reload({});
    await poll("reload", () => stage.count("edge-reloaded") === reloads);
    const now = await stage.workers();
    assert.equal(now.filter((pid) => !before.includes(pid)).length, 2);
    assert.equal(await echoed(kept, `after reload ${reloads}`), `after reload ${reloads}`);
  }
  const served = await running.stop();
  assert(served > 50, `${served} connections`);
  kept.close();
  await poll("the old workers' end", async () => (await stage.workers()).length === 2);
  assert.equal(await stage.edge.metric("holdfast_edge_handshakes_total", { result: "ok" }), served + 1);
  assert.equal(stage.count("worker-crashed"), 0);
  assert.equal(stage.count("pool-leak"), 0);
  assert.equal(stage.count("connection-broken"), 0);
});

Deno.test("a reload may change the number of workers without a reset", async () => {
  await using stage = await EdgeStage.start();
  const running = load(stage, 8);
  for (const [reload, workers] of [3, 1, 2].entries()) {
    await stage.reload({ workers });
    await poll("reload", () => stage.count("edge-reloaded") === reload + 1);
    await poll("the old workers' end", async () => (await stage.workers()).length === workers);
  }
  assert(await running.stop() > 20);
});

Deno.test("a reload with a bad configuration is refused in words, and the old workers stay", async () => {
  await using stage = await EdgeStage.start();
  const before = await stage.workers();
  using kept = await stage.connect();
  const bad = [
    { limits: { connections: -1 } }, // refused by the supervisor
    { identity: { certificate: "absent.pem" } }, // refused by a worker
    { memory: { pool_bytes: 65_536 }, listen: [{ address: "192.0.2.1:8443" }] }, // not this host's address
  ];
  for (const [index, patch] of bad.entries()) {
    await stage.reload(patch);
    await poll("refusal", () => stage.count("reload-refused") === index + 1);
    assert.deepEqual(await stage.workers(), before);
    await onceEchoed(stage);
  }
  const reasons = stage.edge.records.filter(({ event }) => event === "reload-refused").map(({ reason }) =>
    reason
  );
  assert.match(String(reasons[0]), /limits\.connections/);
  assert.match(String(reasons[1]), /absent\.pem/);
  assert.match(String(reasons[2]), /Cannot listen on 192\.0\.2\.1:8443/);
  assert.equal(await echoed(kept, "still here"), "still here");
  await stage.reload({});
  await poll("a good one", () => stage.count("edge-reloaded") === 1);
});

Deno.test("a reload moves the edge to another address", async () => {
  await using stage = await EdgeStage.start();
  const moved = { host: stage.address.host, port: stage.address.port + 1 };
  await stage.reload({ listen: [{ address: `${moved.host}:${moved.port}` }] });
  await poll("reload", () => stage.count("edge-reloaded") === 1);
  using client = await stage.connect(moved);
  assert.equal(await echoed(client, "moved"), "moved");
  await assert.rejects(stage.connect(), /refused/i);
});

Deno.test("SIGTERM: new clients are refused, a connection may end by itself, and the edge exits with 0", async () => {
  await using stage = await EdgeStage.start({ patch: { limits: { drain_deadline_ms: 20_000 } } });
  const workers = await stage.workers();
  const client = await stage.connect();
  assert.equal(await echoed(client, "before"), "before");
  stage.edge.signal("SIGTERM");
  await poll("refusal", () =>
    stage.connect().then((connection) => {
      connection.close();
      return false;
    }, () => true));
  assert.equal(await echoed(client, "while it stops"), "while it stops");
  client.close();
  assert.deepEqual(await stage.edge.ended, { code: 0, signal: null });
  for (const pid of workers) assert(!await isAlive(pid));
});

Deno.test("SIGTERM: a connection that does not end is closed with close_notify at the deadline", async () => {
  await using stage = await EdgeStage.start({ patch: { limits: { drain_deadline_ms: 300 } } });
  using client = await stage.connect();
  assert.equal(await echoed(client, "before"), "before");
  stage.edge.signal("SIGTERM");
  assert.equal(await client.read(new Uint8Array(1)), null);
  assert.deepEqual(await stage.edge.ended, { code: 0, signal: null });
});

Deno.test("SIGTERM while the workers start does not wait for them", async () => {
  await using folder = await TemporaryFolder.create();
  const certificate = folder.file("nobody-writes.pem"); // whoever reads it waits for ever
  await mustRun("mkfifo", [certificate]);
  await using stage = await EdgeStage.start({ patch: { identity: { certificate } }, wait: false });
  const workers = await poll("two workers", async () => {
    const pids = await stage.workers();
    return pids.length === 2 && pids;
  });
  await poll("the admin port", () => stage.count("admin-port") === 1);
  stage.edge.signal("SIGTERM");
  assert.deepEqual(await stage.edge.ended, { code: 0, signal: null });
  for (const pid of workers) assert(!await isAlive(pid));
});

Deno.test("no orphan: the supervisor's death ends its workers, even with a connection open", async () => {
  await using stage = await EdgeStage.start({ patch: { limits: { drain_deadline_ms: 60_000 } } });
  const workers = await stage.workers();
  using client = await stage.connect();
  assert.equal(await echoed(client, "before"), "before");
  await stage.edge.kill();
  for (const pid of workers) await poll("a worker's end", async () => !await isAlive(pid));
});

Deno.test("a worker that cannot start keeps the edge from starting, and says why", async () => {
  await using stage = await EdgeStage.start({
    patch: { identity: { certificate: "absent.pem" } },
    wait: false,
  });
  assert.equal((await stage.edge.ended).code, 1);
  await poll(
    "the reason",
    () => stage.edge.lines.some((line) => /identity\.certificate.*absent\.pem/.test(line)),
  );
});

Deno.test("an address that another edge of the same user serves is refused, not shared", async () => {
  await using stage = await EdgeStage.start();
  const { host, port } = stage.address;
  await using second = await EdgeStage.start({
    patch: { listen: [{ address: `${host}:${port}` }] },
    wait: false,
  });
  assert.equal((await second.edge.ended).code, 1);
  await poll(
    "the reason",
    () => second.edge.lines.some((line) => line.includes(`Cannot listen on ${host}:${port}`)),
  );
  await onceEchoed(stage);
});
