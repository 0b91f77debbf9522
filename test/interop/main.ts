/** `deno task interop`: the whole matrix, as a table. */
import { parseArgs } from "node:util";
import { cellName } from "./cell.ts";
import { compareCells } from "./compare.ts";
import { shortSlice, wholeMatrix } from "./matrix.ts";
import { Stage } from "./stage.ts";
import { matrixTable, remarks, summary } from "./table.ts";

const usage = `Usage: deno task interop [--json FILE] [--only TEXT] [--short] [--at-a-time N]

Has clients connect to an edge and to openssl s_server, which have the same keys, and compares what they say.

  --json FILE     write every cell with what the client said of both sides
  --only TEXT     only cells whose name contains TEXT, as in "openssl 1.3" or "resumed"
  --short         only the slice that the tests run
  --at-a-time N   clients at a time (2)
`;

const { values } = parseArgs({
  options: {
    "json": { type: "string" },
    "only": { type: "string", default: "" },
    "short": { type: "boolean", default: false },
    "at-a-time": { type: "string", default: "2" },
    "help": { type: "boolean", short: "h", default: false },
  },
});

const say = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));

if (values.help) {
  say(usage);
  Deno.exit(0);
}

const cells = (values.short ? shortSlice() : wholeMatrix()).filter((cell) =>
  cellName(cell).includes(values.only)
);
const results = await (async () => {
  await using stage = await Stage.start();
  return await compareCells(cells, stage, Number(values["at-a-time"]));
})();
if (values.json !== undefined) await Deno.writeTextFile(values.json, JSON.stringify(results, undefined, 2));
say(matrixTable(results));
for (const remark of remarks(results)) say(remark);
say(summary(results));
Deno.exit(results.every((result) => result.mismatches.length === 0 && result.void === undefined) ? 0 : 1);
