import { TextLineStream } from "./lines.ts";

export interface ChildOptions {
  /** For messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** How a child ended. */
export interface ChildEnd {
  readonly code: number;
  readonly signal: Deno.Signal | null;
}

/**
 * A child process whose output is kept line by line, and that ends with this process whatever happens: disposal sends
 * SIGTERM and, after a grace, SIGKILL; if this process dies first, the kernel sends the SIGTERM.
 */
export class ChildProcess implements AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  readonly ended: Promise<ChildEnd>;
  /** All lines of stdout and stderr so far. */
  readonly lines: string[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #drained: Promise<unknown>;
  #end: ChildEnd | undefined;

  constructor({ name, command, args, env = {} }: ChildOptions) {
    // Both are from util-linux, on every Debian, and become the command: setpriv asks the kernel for a signal at
    // our death, setsid keeps a terminal's Ctrl-C from reaching the child before we end it in order.
    this.#child = new Deno.Command("setsid", {
      args: ["setpriv", "--pdeathsig", "TERM", command, ...args],
      env,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.name = name;
    this.pid = this.#child.pid;
    this.#drained = Promise.all([this.#keep(this.#child.stdout), this.#keep(this.#child.stderr)]);
    this.ended = this.#child.status.then(({ code, signal }) => this.#end = { code, signal });
  }

  /** How it ended; undefined while it runs. */
  get end(): ChildEnd | undefined {
    return this.#end;
  }

  /** The log records among its lines. */
  get records(): Record<string, unknown>[] {
    return this.lines.filter((line) => line.startsWith("{")).flatMap((line) => {
      try {
        return [JSON.parse(line) as Record<string, unknown>];
      } catch {
        return [];
      }
    });
  }

  signal(signal: Deno.Signal): void {
    if (this.#end === undefined) this.#child.kill(signal);
  }

  /** kill -9, and waits for the end. */
  async kill(): Promise<ChildEnd> {
    this.signal("SIGKILL");
    return await this.ended;
  }

  /** SIGTERM, then SIGKILL after `grace` milliseconds; waits for the end and the last line. */
  async stop(grace = 5000): Promise<ChildEnd> {
    this.signal("SIGTERM");
    const timer = setTimeout(() => this.signal("SIGKILL"), grace);
    const end = await this.ended;
    clearTimeout(timer);
    await this.#drained;
    return end;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #keep(stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (const line of stream.pipeThrough(new TextLineStream())) this.lines.push(line);
  }
}
