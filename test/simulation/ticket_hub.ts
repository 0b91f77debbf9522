import { parseArgs } from "node:util";
import { measureCosts } from "./costs.ts";
import { CountedMembers, type CountedResult } from "./counted_members.ts";
import { profiles } from "./network.ts";
import { RealMembers } from "./real_members.ts";

const usage = `deno task simulate:ticket-hub [--edges 1000] [--workers 10] [--real 20]

Edges that share ticket keys through one hub, on a clock and a network of the program's own. First real members with real
keys, --real of them; then --edges by the same rules and sizes, whose seals are only counted, at the cost measured here.`;

const { values } = parseArgs({
  options: {
    edges: { type: "string", default: "1000" },
    workers: { type: "string", default: "10" },
    real: { type: "string", default: "20" },
    help: { type: "boolean", default: false },
  },
});

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(line + "\n"));
}

function count(name: "edges" | "workers" | "real"): number {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value >= 2) return value;
  say(`Cannot simulate ${values[name]} ${name}: a whole number from 2 is wanted`);
  Deno.exit(2);
}

const seconds = (milliseconds: number | undefined) =>
  milliseconds === undefined ? "never" : `${(milliseconds / 1000).toFixed(1)} s`;
const size = (bytes: number) =>
  bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(0)} MB`;
const row = (...cells: (string | number)[]) => say(`| ${cells.join(" | ")} |`);

function sayCounted(what: string, network: string, result: CountedResult): void {
  const { activation, letters, repeated, bytes, hubCpu, edgeCpu } = result;
  row(what, network, letters, repeated, size(bytes), seconds(activation), seconds(hubCpu), seconds(edgeCpu));
}

if (values.help) {
  say(usage);
  Deno.exit(0);
}
const [edges, workers, real] = [count("edges"), count("workers"), count("real")];

const costs = await measureCosts(200);
say("Measured here, bytes of frames and milliseconds of CPU:");
for (const [name, cost] of Object.entries(costs)) say(`  ${name} ${cost < 10 ? cost.toFixed(4) : cost}`);

say(`\n${real} real members, milliseconds of CPU for each edge:`);
row("what", "network", "messages", "bytes", "until it seals", "CPU");
for (const profile of profiles) {
  using members = await RealMembers.start(real, profile);
  for (const what of ["all start", "one new key"] as const) {
    const result = what === "all start" ? members.started() : members.rotate();
    const { messages, bytes, activation, cpuEach } = result;
    row(what, profile.name, messages, size(bytes), seconds(activation), cpuEach.toFixed(1));
  }
  for (const words of members.refused) say(`refused: ${words}`);
}

say(`\n${edges} edges, counted; lists of members apart:`);
row("what", "network", "letters", "repeated", "bytes", "until all seal", "CPU of the hub", "of an edge");
for (const profile of profiles) {
  sayCounted("one new key", profile.name, new CountedMembers(edges, 1, profile, costs).run());
  sayCounted("all at once", profile.name, new CountedMembers(edges, edges, profile, costs).run());
}

const list = (edges - 1) * costs.memberBytes;
say(`
A list of members: ${size(list)}, to each edge at each change: ${size(list * edges)} and ${
  seconds(list / costs.memberBytes * costs.listMember * edges)
} of the hub; a frame has room for ${Math.floor((4 << 20) / costs.memberBytes)} members.
A day of ${edges} edges that make a key each 12 h: ${2 * 2 * edges * (edges - 1)} letters, ${
  (2 * 2 * edges * (edges - 1) / 86400).toFixed(1)
} a second.
Within each edge, a set for ${workers - 1} siblings: ${
  2 * edges * (workers - 1)
} messages a day in each edge, by its own pipes.
Keys that an edge holds: ${3 * edges}, ${size(3 * edges * 64)} of each worker's pool.`);
