import assert from "node:assert/strict";
import { poll } from "../../harness/poll.ts";
import { allCells } from "./cells/all_cells.ts";
import type { Cell, Effort } from "./cells/cell.ts";
import { contenderNames } from "./contender.ts";
import { Edge } from "./edge.ts";
import { runCells, type Sample } from "./run_cells.ts";
import { Stage } from "./stage.ts";
import { summarise, summaryTable } from "./summary.ts";
import { verdicts } from "./verdicts.ts";

const short: Effort = {
  rounds: 1,
  seconds: 0.2,
  warmUpHandshakes: 20,
  bulkBytes: 4 * 2 ** 20,
  connections: 40,
  idleSeconds: 0,
};

const sliceOf = ["full 1.2 rsa", "resumed 1.3", "resumed 1.2", "bulk sent", "bulk received", "idle"];

Deno.test("every contender that runs answers every cell, each in every round (a slice of the benchmark)", async () => {
  const cells = allCells(1).filter(({ name }) => sliceOf.includes(name) || name.startsWith("latency 32"));
  assert.equal(cells.length, sliceOf.length + 1);
  const results = await runCells(cells, contenderNames, short, () => {});
  const present = contenderNames.filter((name) => results.absent.every((one) => one.name !== name));
  assert(present.includes("edge") && present.includes("nginx") && present.includes("hitch"));
  const asked = ({ contenders = present }: Cell) => present.filter((name) => contenders.includes(name));
  assert.equal(results.samples.length, short.rounds * cells.flatMap(asked).length);
  for (const { cell, contender, figures } of results.samples) {
    for (const [name, value] of Object.entries(figures)) assert(Number.isFinite(value), `${cell} ${name}`);
    if (cell.startsWith("full")) assert(figures["CPU us"]! > 0, contender);
    // Only the edge's key is elsewhere, and only a full handshake asks for it.
    if (cell.startsWith("full")) {
      assert.equal(figures["key server's CPU us"]! > 0, contender === "edge", contender);
    }
    if (cell.startsWith("bulk")) assert(figures["CPU s/GiB"]! > 0, contender);
    if (cell === "idle") assert.equal(figures["echoes"], short.connections, contender);
  }
  const lines = summarise(results);
  const { rows } = summaryTable(lines, contenderNames);
  for (const { name } of cells) assert(rows.some(([cell]) => cell === name), name);
  assert.deepEqual(verdicts(lines).length, 6, "two of resumption, two of bulk, two of idle connections");
});

Deno.test("the edge and its key server count the handshakes and signatures that the load generator counts", async () => {
  await using stage = await Stage.start({ workers: 1, logs: false }, ["edge"]);
  const [edge] = stage.contenders as [Edge];
  const counts = async () => ({
    handshakes: await edge.edge.metric("holdfast_edge_handshakes_total", { result: "ok" }),
    signatures: await edge.keyServer.metric("holdfast_key_server_operations_total", {
      operation: "sign-tls13",
      result: "ok",
    }),
  });
  const before = await poll("the counts of what was tried out", async () => {
    const now = await counts();
    return now.handshakes === 2 && now.signatures === 2 ? now : undefined;
  });
  const options = { version: "1.3", concurrency: 4, seconds: 60, count: 30 } as const;
  const full = await (await stage.load.handshakes(edge.target("rsa"), options)).go();
  const resumed = await (await stage.load.handshakes(edge.target("ecdsa"), { ...options, resume: true }))
    .go();
  assert.deepEqual([full.handshakes, full.resumed, full.failed], [30, 0, 0]);
  assert.deepEqual([resumed.handshakes, resumed.resumed, resumed.failed], [30, 30, 0]);
  const first = options.concurrency; // each slot needs a session to come back with
  await poll("the edge's count", async () => (await counts()).handshakes === before.handshakes + 60 + first);
  assert.equal((await counts()).signatures, before.signatures + 30 + first);
});

Deno.test("a ratio is taken round by round, and a claim is kept or missed by its median", () => {
  const sample = (contender: "edge" | "nginx", round: number, us: number): Sample => (
    { cell: "full 1.3 ecdsa", contender, round, figures: { "CPU us": us } }
  );
  const samples = [[1, 90, 100], [2, 300, 200], [3, 95, 100]].flatMap(([round, edge, nginx]) => [
    sample("edge", round!, edge!),
    sample("nginx", round!, nginx!),
  ]);
  const [line] = summarise({ samples, absent: [] });
  assert.deepEqual(line!.ratio!.values, [0.9, 1.5, 0.95]);
  assert.deepEqual(verdicts([line!]).map(({ kept }) => kept), [true]);
  const slower = samples.map((one) => one.contender === "edge" ? sample("edge", one.round, 400) : one);
  assert.deepEqual(verdicts(summarise({ samples: slower, absent: [] })).map(({ kept }) => kept), [false]);
});
