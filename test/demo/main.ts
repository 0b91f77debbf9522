/** `./holdfast demo`: the whole of Holdfast on one machine, for a newcomer to look at. */
import { HoldfastError } from "../../shared/errors.ts";
import { parseDemoArguments } from "./arguments.ts";
import { runDemo } from "./demo.ts";

/** Resolves with the first signal that asks us to end; from then on everything is disposed in order. */
function stopSignal(): Promise<Deno.Signal> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      Deno.addSignalListener(signal, () => resolve(signal));
    }
  });
}

const stop = stopSignal();
try {
  Deno.exit(await runDemo(parseDemoArguments(Deno.args), stop));
} catch (error) {
  const text = error instanceof HoldfastError || !(error instanceof Error) ? String(error) : error.stack;
  Deno.stderr.writeSync(new TextEncoder().encode(`\n${text}\n`));
  Deno.exit(1);
}
