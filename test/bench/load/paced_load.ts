import { TextLineStream } from "../../harness/processes/lines.ts";

export interface PacedOptions {
  /** Handshakes begun in a second. */
  readonly rate: number;
  /** A file of roots that certificates have to lead to. */
  readonly trust: string;
  /** Seconds after which a handshake without an end has failed. */
  readonly patience?: number;
}

/** One full handshake. Instants in milliseconds, as Date.now has them, with fractions. */
export interface PacedHandshake {
  readonly begun: number;
  readonly ended: number;
  /** The serial number of the certificate that was shown, in lower case; undefined: it failed. */
  readonly serial: string | undefined;
  readonly failure: string | undefined;
}

/** Handshakes under way at a time; those due beyond are not begun, and counted. */
const mostOpen = 4000;

/** Load that goes on until it is stopped, and remembers each handshake. */
export class PacedLoad implements AsyncDisposable {
  readonly handshakes: PacedHandshake[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  readonly #errors: Promise<string>;
  readonly #read: Promise<void>;
  #postponed: number | undefined;
  #isStopped = false;

  private constructor([command, ...args]: readonly string[]) {
    this.#child = new Deno.Command("setpriv", {
      args: ["--pdeathsig", "KILL", command!, ...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#stdin = this.#child.stdin.getWriter();
    this.#errors = new Response(this.#child.stderr).text();
    this.#read = this.#readLines();
  }

  /** `command` is the program with its mode and target. */
  static async start(
    command: readonly string[],
    { rate, trust, patience = 30 }: PacedOptions,
  ): Promise<PacedLoad> {
    const paced = [`rate=${rate}`, `open=${mostOpen}`, `patience=${patience}`];
    const load = new PacedLoad([...command, ...paced, `trust=${trust}`, "version=1.3"]);
    await load.#stdin.write(new TextEncoder().encode("go\n"));
    return load;
  }

  /** Begins no more, and waits for those under way. Returns how many could not begin when they were due. */
  async stop(): Promise<number> {
    if (!this.#isStopped) await this.#stdin.close();
    this.#isStopped = true;
    await this.#read;
    if (this.#postponed === undefined) throw new Error(`Cannot put load on a server: ${await this.#errors}`);
    return this.#postponed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isStopped) this.#child.kill("SIGKILL");
    await this.#child.status;
    await this.#errors;
  }

  async #readLines(): Promise<void> {
    for await (const line of this.#child.stdout.pipeThrough(new TextLineStream())) this.#take(line);
  }

  #take(line: string): void {
    const [first = "", second = "", outcome, ...rest] = line.split(" ");
    if (first === "ready") return;
    if (first === "postponed") return void (this.#postponed = Number(second));
    const text = rest.join(" ");
    this.handshakes.push({
      begun: Number(first),
      ended: Number(second),
      serial: outcome === "ok" ? text.toLowerCase() : undefined,
      failure: outcome === "ok" ? undefined : text,
    });
  }
}
