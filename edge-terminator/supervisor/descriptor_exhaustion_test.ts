/** An edge whose worker runs out of descriptors, which Deno's listeners do not survive. */
import assert from "node:assert/strict";
import { canLookInside, isAlive } from "../../test/harness/proc/inspect.ts";
import { mustRun } from "../../test/harness/command.ts";
import { poll } from "../../test/harness/poll.ts";
import { siteName } from "../connection/testing/software_key.ts";
import { echoed, EdgeStage } from "./testing/edge_stage.ts";

/** Descriptors that the worker has left: fewer than come at once. */
const spare = 8;

async function openDescriptors(pid: number): Promise<number> {
  return (await Array.fromAsync(Deno.readDir(`/proc/${pid}/fd`))).length;
}

Deno.test("a worker that ran out of descriptors is replaced, and what waited in its queue is served", {
  ignore: !canLookInside,
}, async () => {
  await using stage = await EdgeStage.start({ patch: { workers: 1 } });
  const [worker = 0] = await stage.workers();
  const limit = await openDescriptors(worker) + spare;
  // Only the running worker: the next one has what the supervisor has.
  await mustRun("prlimit", ["--pid", String(worker), `--nofile=${limit}:${limit}`]);
  using burst = new DisposableStack();
  const clients: Deno.TcpConn[] = [];
  for (let count = 0; count < 3 * spare; count++) {
    clients.push(burst.use(await Deno.connect({ hostname: stage.address.host, port: stage.address.port })));
  }
  await poll("a new worker", () => stage.count("worker-restarted") === 1, 20_000);
  assert(!await isAlive(worker));
  const last = clients.pop()!;
  const caCerts = [stage.pki.pki.webRoot.certificatePem];
  using waited = await Deno.startTls(last, { hostname: siteName, caCerts });
  assert.equal(await echoed(waited, "from the queue"), "from the queue");
  using newcomer = await stage.connect();
  assert.equal(await echoed(newcomer, "anew"), "anew");
  const crash = stage.edge.records.find(({ event }) => event === "worker-crashed");
  assert.equal(crash?.code, 1);
  assert.equal(stage.count("listener-dead"), 1);
});
