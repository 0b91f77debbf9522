/**
 * Runs every test of the checkout and closes with one line, `N passed, M failed`, that people and CI read.
 *
 * `./holdfast test [FOLDER | FILE ...] [--filter TEXT]` narrows the run; the line then counts that part.
 */
const everywhere = ["certs", "edge-terminator", "key-server", "shared", "test"];
const summary = /(\d+) passed(?: \(\d+ steps?\))? \| (\d+) failed(?: \(\d+ steps?\))?(?: \| (\d+) ignored)?/;

/** Splits what the caller gave into places to look for tests and flags for `deno test`. */
function testArguments(args: readonly string[]): string[] {
  const narrowed = args.some((argument, i) => !argument.startsWith("-") && args[i - 1] !== "--filter");
  return narrowed ? [...args] : [...args, ...everywhere];
}

/** Copies a stream to our own standard output and returns all of it as text. */
async function copyThrough(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true });
    for (let rest = chunk; rest.length > 0;) rest = rest.subarray(Deno.stdout.writeSync(rest));
  }
  return text;
}

const child = new Deno.Command(Deno.execPath(), {
  args: ["test", "--quiet", "--cached-only", "-A", "--parallel", ...testArguments(Deno.args)],
  env: { NO_COLOR: "1" },
  stdin: "null",
  stdout: "piped",
}).spawn();
const output = await copyThrough(child.stdout);
const { success } = await child.status;

const counts = output.match(new RegExp(summary, "g"))?.at(-1)?.match(summary);
const passed = Number(counts?.[1] ?? 0);
const skipped = Number(counts?.[3] ?? 0);
// A file that cannot be loaded fails the run without a failed test: it counts as one.
const failed = Math.max(Number(counts?.[2] ?? 0), success ? 0 : 1);
// deno-lint-ignore no-console -- the closing line is what this program is for
console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
Deno.exit(failed > 0 || passed === 0 ? 1 : 0);
