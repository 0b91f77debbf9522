import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ChildProcess } from "../../../harness/processes/child_process.ts";
import { poll } from "../../../harness/poll.ts";

const launcher = fileURLToPath(new URL("../shim/warm_launcher.sh", import.meta.url));
const server = fileURLToPath(new URL("../shim/warm_main.ts", import.meta.url));

/** One process that runs the shim for every test, and the program that hands it the command line: the inner loop. */
export class WarmShim implements AsyncDisposable {
  private constructor(readonly program: string, readonly process: ChildProcess) {}

  static async start(folder: string): Promise<WarmShim> {
    const process = new ChildProcess({
      name: "warm shim",
      command: Deno.execPath(),
      args: ["run", "--quiet", "--cached-only", "--no-check", "-A", server],
    });
    const [port] = await poll("the warm shim's port", () => {
      if (process.end !== undefined) throw new Error(process.lines.join("\n"));
      return process.lines.length > 0 ? process.lines : undefined;
    });
    // The runner takes a program without arguments: the port stands in a script of its own.
    const program = join(folder, "warm_shim.sh");
    await Deno.writeTextFile(program, `#!/bin/sh\nexec ${shellWord(launcher)} ${port} "$@"\n`, {
      mode: 0o700,
    });
    return new WarmShim(program, process);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]();
  }
}

/** One word for the shell, whatever is in it. */
function shellWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
