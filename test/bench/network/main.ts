/** `deno task bench:network`: what the way to the key server adds to a handshake. */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { LoadProgram } from "../load/load_program.ts";
import { machineFacts, markdownTable, say, textTable } from "../measure/report.ts";
import { createLink } from "./link.ts";
import { measureNetwork } from "./measure_network.ts";
import { inNamespace, NetworkNamespaces } from "./namespaces.ts";
import { NetworkStage } from "./stage.ts";
import { networkTable, networkVerdicts, summarise } from "./summary.ts";

const usage = `Usage: deno task bench:network [OPTION ...]      (as root)

Handshakes through an edge whose key server is in another network namespace, beside handshakes of the same engine with
the key in a file. Milliseconds: medians of all rounds' medians, with the smallest and the largest.

  --round-trips LIST   milliseconds between edge and key server, there and back (0,10,50,150)
  --rounds N           (10)
  --handshakes N       of each kind in one round, one after the other (10)
  --warm-up N          of each kind before the first round (2000)
  --json FILE          write every figure of every round
  --markdown           print the table as Markdown
`;

const { values } = parseArgs({
  options: {
    "round-trips": { type: "string", default: "0,10,50,150" },
    "rounds": { type: "string", default: "10" },
    "handshakes": { type: "string", default: "10" },
    "warm-up": { type: "string", default: "2000" },
    "json": { type: "string" },
    "markdown": { type: "boolean", default: false },
    "help": { type: "boolean", short: "h", default: false },
    // This program once more, inside of the edge's namespace: the namespaces' names.
    "inside": { type: "string" },
  },
});

if (values.help) {
  say(usage);
} else if (Deno.uid() !== 0) {
  say("Cannot make network namespaces: not root");
  Deno.exit(2);
} else if (values.inside === undefined) {
  Deno.exit(await runInNamespace());
} else {
  const [edge = "", keyServer = ""] = values.inside.split(",");
  await measure({ edge, keyServer });
}

async function runInNamespace(): Promise<number> {
  await using namespaces = await NetworkNamespaces.create();
  const { edge, keyServer } = namespaces.names;
  const program = fileURLToPath(import.meta.url);
  const self = [Deno.execPath(), "run", "--quiet", "--cached-only", "-A", program, ...Deno.args];
  const [command, ...args] = inNamespace(edge, [...self, "--inside", `${edge},${keyServer}`]);
  return (await new Deno.Command(command!, { args }).spawn().status).code;
}

async function measure(namespaces: { edge: string; keyServer: string }): Promise<void> {
  await using link = await createLink(namespaces, await LoadProgram.build());
  await using stage = await NetworkStage.start(namespaces);
  const samples = await measureNetwork(stage, link, {
    roundTrips: values["round-trips"].split(",").map(Number),
    rounds: Number(values.rounds),
    handshakes: Number(values.handshakes),
    warmUpHandshakes: Number(values["warm-up"]),
  });
  const lines = summarise(samples);
  if (values.json !== undefined) {
    const facts = { ...await machineFacts(), delay: link.kind };
    await Deno.writeTextFile(values.json, JSON.stringify({ facts, samples, summary: lines }, undefined, 2));
  }
  say(`delay by ${link.kind}, half of it each way`);
  const { head, rows } = networkTable(lines);
  say(values.markdown ? markdownTable(head, rows) : textTable(head, rows));
  for (const verdict of networkVerdicts(lines)) say(verdict);
}
