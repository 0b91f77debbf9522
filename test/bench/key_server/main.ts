/** `deno task bench:key-server`: the key server's ceiling beside its token's. */
import { parseArgs } from "node:util";
import { machineFacts, say, textTable } from "../measure/report.ts";
import { type KeyFigures, loadName, rawCeiling, runBench } from "./bench.ts";
import { Stage } from "./stage.ts";
import { verdicts } from "./targets.ts";

const usage = `Usage: deno task bench:key-server [--json FILE] [--only TEXT] [--seconds N]

Signatures a second over mutual TLS from a key server on SoftHSM, beside C_Sign of the same token with the same key in
the same run. Ratios are what to compare; the machine should have nothing else to do.

  --json FILE    write every figure
  --only TEXT    only what has TEXT in its name, as in "rsa-2048", "64 in flight", "100 edges" or "half load"
  --seconds N    of each measurement (3)
`;

/** Powers of two up to what a connection may have in flight. */
const inFlight = Array.from({ length: 11 }, (_, power) => 2 ** power);
const edges = [1, 2, 5, 10, 20, 50, 100];

function options() {
  const { values } = parseArgs({
    options: {
      "json": { type: "string" },
      "only": { type: "string", default: "" },
      "seconds": { type: "string", default: "3" },
      "help": { type: "boolean", short: "h", default: false },
    },
  });
  const seconds = Number(values.seconds);
  const wrong = !(seconds > 0 && seconds <= 600);
  if (!values.help && !wrong) return { ...values, seconds };
  if (wrong) say(`Cannot measure for ${values.seconds} seconds: a number up to 600 is wanted\n`);
  say(usage);
  Deno.exit(wrong ? 2 : 0);
}

function rawTable(figures: readonly KeyFigures[]): string {
  const head = ["key", "token alone", "signatures/s", "CPU us", "p50 ms", "p99 ms", "p99.9 ms"];
  const rows = figures.flatMap(({ raw }) =>
    raw.map(({ key, way, rate, cpuMicroseconds, p50, p99, p999 }) => [
      key,
      "count" in way
        ? `${way.count} ${way.kind === "arrivals" ? "sessions, half load" : way.kind}`
        : way.kind,
      rate.toFixed(0),
      cpuMicroseconds.toFixed(1),
      ...[p50, p99, p999].map((time) => time.toFixed(3)),
    ])
  );
  return textTable(head, rows);
}

function wireTable(figures: readonly KeyFigures[]): string {
  const head = ["key", "load", "signatures/s", "x token", "server CPU us", "load CPU us"];
  const rows = figures.flatMap((one) =>
    one.wire.map(({ key, load, rate, refused, serverCpu, loadCpu, p50, p99, p999, lagP99 }) => [
      key,
      loadName(load) + (refused > 0 ? `, ${refused} refused` : ""),
      rate.toFixed(0),
      (rate / rawCeiling(one)).toFixed(2),
      serverCpu.toFixed(1),
      loadCpu.toFixed(1),
      ...[p50, p99, p999].map((time) => time.toFixed(2)),
      lagP99 === undefined ? "" : `<= ${lagP99}`,
    ])
  );
  return textTable([...head, "p50 ms", "p99 ms", "p99.9 ms", "lag p99 ms"], rows);
}

const { json, only, seconds } = options();
const figures = await (async () => {
  await using stage = await Stage.start(Math.max(...edges));
  return await runBench(stage, { seconds, only, inFlight, edges }, say);
})();
const machine = await machineFacts();
const results = verdicts(figures);
if (json !== undefined) {
  await Deno.writeTextFile(
    json,
    JSON.stringify({ machine, seconds, figures, verdicts: results }, undefined, 2),
  );
}
say(`${machine.cpu}, ${machine.cores} cores, ${machine.kernel}, Deno ${Deno.version.deno}, ${machine.date}`);
say(rawTable(figures));
say(wireTable(figures));
for (const { aim, found, met } of results) say(`${met ? "met   " : "MISSED"}  ${aim}: ${found}`);
