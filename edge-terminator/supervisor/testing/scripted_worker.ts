/** For tests: a worker process of a few lines that speaks the control protocol, or does not, as its argument says. */
const [behaviour = "good"] = Deno.args;
const say = (value: unknown) => Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(value)}\n`));
const counter = (value: number) => ({
  name: "holdfast_test_total",
  help: "T.",
  type: "counter",
  aggregator: "sum",
  values: [{ value, labels: {} }],
});
const keyServers = [{ name: "k", usable: true, connected: true, breaker: "closed" }];
const report = (id: number) => say({ type: "report", id, connections: 0, keyServers, metrics: [counter(1)] });

if (behaviour === "fails") {
  say({ type: "failed", code: "memory-lock-limit", message: "Cannot lock memory: said the test" });
  Deno.exit(1);
}
if (behaviour === "garbage") Deno.stdout.writeSync(new TextEncoder().encode("no json\n"));
if (behaviour === "lies") say({ type: "report", id: 0, connections: "many", keyServers, metrics: [] });
if (behaviour !== "mute" && behaviour !== "garbage" && behaviour !== "lies") say({ type: "ready" });
if (behaviour === "crashes") Deno.exit(3);

let rest = "";
for await (const chunk of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const lines = (rest + chunk).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) {
    const message = JSON.parse(line);
    if (message.type === "report" && behaviour !== "silent") report(message.id);
    if (message.type === "drain" && behaviour !== "stubborn") {
      say({ type: "stopped-listening" });
      report(0);
      Deno.exit(0);
    }
  }
}
