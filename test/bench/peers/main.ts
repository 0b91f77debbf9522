/** `deno task bench:peers`: the edge beside nginx and hitch. */
import { parseArgs } from "node:util";
import { machineFacts, markdownTable, say, textTable } from "../measure/report.ts";
import { allCells } from "./cells/all_cells.ts";
import type { Cell } from "./cells/cell.ts";
import { type ContenderName, contenderNames } from "./contender.ts";
import { workersToHold } from "./open_files.ts";
import { runCells } from "./run_cells.ts";
import { summarise, summaryTable } from "./summary.ts";
import { verdicts } from "./verdicts.ts";
import { versionsOf } from "./versions.ts";

const usage = `Usage: deno task bench:peers [OPTION ...]

An edge with its key server and SoftHSM beside nginx and hitch with the same keys in files, and nginx with its keys in
the same SoftHSM. Medians of all rounds, with the smallest and the largest.

  --only TEXT        only cells whose name contains TEXT (--list names them); several, separated by ","
  --servers LIST     some of ${contenderNames.join(",")}
  --rounds N         (5)
  --seconds S        of each measurement of handshakes (2)
  --warm-up N        handshakes of each kind before the first round (4000)
  --mib N            of each bulk transfer (1024)
  --connections N    idle ones (10000)
  --idle S           seconds before their memory is read (10)
  --json FILE        write every figure of every round
  --markdown         print the table as Markdown
  --list             name the cells
`;

/** A name as it stands is one cell; parts of names are all that have one. */
function wanted(cells: readonly Cell[], only: string) {
  const texts = only.split(",").map((text) => text.trim());
  const named = cells.filter(({ name }) => texts.includes(name));
  return named.length > 0 ? named : cells.filter(({ name }) => texts.some((text) => name.includes(text)));
}

const { values } = parseArgs({
  options: {
    "only": { type: "string", default: "" },
    "servers": { type: "string", default: contenderNames.join() },
    "rounds": { type: "string", default: "5" },
    "seconds": { type: "string", default: "2" },
    "warm-up": { type: "string", default: "4000" },
    "mib": { type: "string", default: "1024" },
    "connections": { type: "string", default: "10000" },
    "idle": { type: "string", default: "10" },
    "json": { type: "string" },
    "markdown": { type: "boolean", default: false },
    "list": { type: "boolean", default: false },
    "help": { type: "boolean", short: "h", default: false },
  },
});

if (values.help) {
  say(usage);
  Deno.exit(0);
}
const idleWorkers = await workersToHold(Number(values.connections));
const cellsToChoose = allCells(idleWorkers);
if (values.list) {
  for (const { name } of cellsToChoose) say(name);
  Deno.exit(0);
}

const cells = wanted(cellsToChoose, values.only);
const names = contenderNames.filter((name) => values.servers.split(",").includes(name)) as ContenderName[];
if (cells.length === 0 || names.length === 0) {
  say(`Cannot measure: no such cell or server\n\n${usage}`);
  Deno.exit(2);
}
const effort = {
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  warmUpHandshakes: Number(values["warm-up"]),
  bulkBytes: Number(values.mib) * 2 ** 20,
  connections: Number(values.connections),
  idleSeconds: Number(values.idle),
};
const results = await runCells(cells, names, effort, (line) => {
  Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
});
const lines = summarise(results);
const facts = { ...await machineFacts(), ...await versionsOf() };
if (values.json !== undefined) {
  const summary = lines.map((line) => ({ ...line, of: Object.fromEntries(line.of) }));
  await Deno.writeTextFile(
    values.json,
    JSON.stringify({ facts, effort, ...results, summary, verdicts: verdicts(lines) }, undefined, 2),
  );
}
say(Object.entries(facts).map(([name, value]) => `${name}: ${value}`).join("; "));
say(`rounds: ${effort.rounds}; warm-up: ${effort.warmUpHandshakes} handshakes of the same kind`);
if (idleWorkers > 1) {
  say(
    `idle connections are held by ${idleWorkers} workers: RLIMIT_NOFILE is too low for one, and cannot be raised here`,
  );
}
const { head, rows } = summaryTable(lines, names);
say(values.markdown ? markdownTable(head, rows) : textTable(head, rows));
for (const { name, reason } of results.absent) say(`${name} does not run: ${reason}`);
for (const { claim, wanted, found, kept } of verdicts(lines)) {
  say(`${kept ? "kept  " : "MISSED"}  ${claim}: ${found} (wanted: ${wanted})`);
}
