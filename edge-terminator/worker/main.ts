/**
 * A worker of the edge: started by the supervisor, which says over stdin what to serve and hears over stdout how it
 * goes. It ends when it has drained, and when the supervisor is gone.
 */
import { HoldfastError } from "../../shared/errors.ts";
import { closeToOthers, restrictSystemCalls } from "../../shared/hardening/harden_process.ts";
import { ControlChannel } from "./control_channel.ts";
import { ControlInbox } from "./control_inbox.ts";
import { SiblingChannel } from "./sibling_channel.ts";
import { Worker } from "./worker.ts";

/** Milliseconds that connections get when the supervisor is gone: nobody else serves, or somebody new soon will. */
const orphanDeadline = 1000;

closeToOthers();
const control = new ControlChannel();
const start = await control.next();
if (start?.type !== "start") Deno.exit(0);

// A Ctrl-C in a terminal goes to the whole process group: the supervisor decides what it means.
for (const signal of ["SIGINT", "SIGHUP"] as const) Deno.addSignalListener(signal, () => {});

// Siblings are heard while it starts: it waits for what they have.
const siblings = new SiblingChannel((message) => control.send(message));
const pushed = new ControlInbox((note) => control.send(note));
const starting = Worker.start(start, siblings, pushed).catch((error) => {
  if (!(error instanceof HoldfastError)) throw error;
  control.send({ type: "failed", code: error.code, message: error.message });
  Deno.exit(1);
});
const listening = listen();
const worker = await starting;

// Our own mistakes, of whichever connection: told, and survived by the others.
globalThis.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  worker.log.error({ event: "unhandled-rejection", err: event.reason });
});
globalThis.addEventListener("error", (event) => {
  event.preventDefault();
  worker.log.error({ event: "uncaught-error", err: event.error });
});

// At once: to drain would keep its queue waiting, and new descriptors do not mend it.
worker.listenerDied.then(() => Deno.exit(1));

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
restrictSystemCalls(worker.renewsIdentity ? "renewing-worker" : "worker", worker.log);
control.send({ type: "ready" });

await listening;
worker.log.warn({ event: "supervisor-gone" }, "nobody supervises this worker: it ends");
end(orphanDeadline);

/** Does what the supervisor says until it is gone. */
async function listen(): Promise<void> {
  for (let message = await control.next(); message !== undefined; message = await control.next()) {
    switch (message.type) {
      case "report": {
        const { id } = message;
        starting.then(async (worker) => control.send(await worker.report(id)));
        break;
      }
      case "drain": {
        const { deadline } = message;
        starting.then(() => end(deadline));
        break;
      }
      case "roster":
      case "sibling":
        siblings.deliver(message);
        break;
      case "control-update":
      case "control-speak":
      case "control-ack":
      case "control-restart":
      case "control-revoked":
        pushed.deliver(message);
    }
  }
}
