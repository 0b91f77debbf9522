import type { SupervisorMessage, WorkerMessage } from "./control_messages.ts";
import { jsonLine, readJsonLines } from "./json_lines.ts";

/** The worker's end of the channel to its supervisor: stdin and stdout. */
export class ControlChannel {
  readonly #messages = readJsonLines(Deno.stdin.readable);

  /** The next message; undefined when the supervisor is gone. */
  async next(): Promise<SupervisorMessage | undefined> {
    const { value, done } = await this.#messages.next();
    // The supervisor is who started this process and gave it everything it has: its words need no check.
    return done ? undefined : value as SupervisorMessage;
  }

  /** Says something at once; a supervisor that is gone is noticed by `next`. */
  send(message: WorkerMessage): void {
    let rest = jsonLine(message);
    try {
      while (rest.length > 0) rest = rest.subarray(Deno.stdout.writeSync(rest));
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    }
  }
}
