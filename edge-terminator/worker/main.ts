/**
 * A worker of the edge: started by the supervisor, which says over stdin what to serve and hears over stdout how it
 * goes. It ends when it has drained, and when the supervisor is gone.
 */
import { HoldfastError } from "../../shared/errors.ts";
import { ControlChannel } from "./control_channel.ts";
import { Worker } from "./worker.ts";

/** Milliseconds that connections get when the supervisor is gone: nobody else serves, or somebody new soon will. */
const orphanDeadline = 1000;

const control = new ControlChannel();
const start = await control.next();
if (start?.type !== "start") Deno.exit(0);

// A Ctrl-C in a terminal goes to the whole process group: the supervisor decides what it means.
for (const signal of ["SIGINT", "SIGHUP"] as const) Deno.addSignalListener(signal, () => {});

const worker = await Worker.start(start).catch((error) => {
  if (!(error instanceof HoldfastError)) throw error;
  control.send({ type: "failed", code: error.code, message: error.message });
  Deno.exit(1);
});

// Our own mistakes, of whichever connection: told, and survived by the others.
globalThis.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  worker.log.error({ event: "unhandled-rejection", err: event.reason });
});
globalThis.addEventListener("error", (event) => {
  event.preventDefault();
  worker.log.error({ event: "uncaught-error", err: event.error });
});

let isEnding = false;

async function end(deadline: number): Promise<void> {
  worker.endWithin(deadline);
  if (isEnding) return;
  isEnding = true;
  control.send({ type: "stopped-listening" });
  await worker.drained();
  control.send(await worker.report(0));
  Deno.exit(0);
}

Deno.addSignalListener("SIGTERM", () => end(worker.drainDeadline));
control.send({ type: "ready" });

for (let message = await control.next(); message !== undefined; message = await control.next()) {
  if (message.type === "report") control.send(await worker.report(message.id));
  else if (message.type === "drain") end(message.deadline);
}
worker.log.warn({ event: "supervisor-gone" }, "nobody supervises this worker: it ends");
end(orphanDeadline);
