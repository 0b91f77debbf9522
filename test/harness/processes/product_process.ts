import { fileURLToPath } from "node:url";
import { formatAddress, type TcpAddress } from "../../../shared/config/address.ts";
import { HoldfastError } from "../../../shared/errors.ts";
import { parseExposition, sumOf } from "../exposition.ts";
import { poll } from "../poll.ts";
import { type ChildEnd, ChildProcess } from "./child_process.ts";

/** A process that does not come up, with its log. Code `process-not-ready`. */
export class ProcessNotReadyError extends HoldfastError {
  constructor(process: ProductProcess, reason: string, options?: ErrorOptions) {
    super("process-not-ready", `Cannot use ${process.name}: ${reason}\n${process.lines.join("\n")}`, options);
  }
}

export interface ProductProcessOptions {
  readonly command: "key-server" | "edge";
  readonly config: string;
  readonly admin: TcpAddress;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * A key server or an edge in a process of its own, started through the front door: with the very command line,
 * permissions and configuration file that a user has. It can be killed and started again.
 */
export class ProductProcess implements AsyncDisposable {
  readonly #options: ProductProcessOptions;
  readonly #earlierLines: string[] = [];
  #child: ChildProcess;

  private constructor(options: ProductProcessOptions) {
    this.#options = options;
    this.#child = spawn(options);
  }

  /** Starts it and waits until it is ready, or throws with its log. */
  static async start(options: ProductProcessOptions): Promise<ProductProcess> {
    const process = ProductProcess.launch(options);
    try {
      await process.ready();
      return process;
    } catch (error) {
      await process[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts it and does not wait. */
  static launch(options: ProductProcessOptions): ProductProcess {
    return new ProductProcess(options);
  }

  get name(): string {
    return this.#child.name;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Every line that it and its earlier lives wrote. */
  get lines(): readonly string[] {
    return [...this.#earlierLines, ...this.#child.lines];
  }

  /** The log records of its present life. */
  get records(): Record<string, unknown>[] {
    return this.#child.records;
  }

  get ended(): Promise<ChildEnd> {
    return this.#child.ended;
  }

  get running(): boolean {
    return this.#child.end === undefined;
  }

  /** The answer of an admin route: status and body. */
  async admin(path: string): Promise<{ status: number; body: string }> {
    const response = await fetch(`http://${formatAddress(this.#options.admin)}${path}`);
    return { status: response.status, body: await response.text() };
  }

  /** Waits for 200 on /readyz; throws at once, with the log, when the process has ended. */
  async ready(deadline = 20_000): Promise<void> {
    let last = "no answer";
    try {
      await poll(`200 from ${this.name}'s /readyz`, async () => {
        if (!this.running) return true;
        const { status, body } = await this.admin("/readyz");
        last = `${status} ${body}`;
        return status === 200;
      }, deadline);
    } catch (cause) {
      throw new ProcessNotReadyError(this, `not ready; /readyz: ${last}`, { cause });
    }
    if (!this.running) throw new ProcessNotReadyError(this, "it ended");
  }

  /** The sum of a metric's samples that carry `labels`. */
  async metric(name: `holdfast_${string}`, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const { body } = await this.admin("/metrics");
    return sumOf(parseExposition(body), name, labels);
  }

  /** Waits for a log record that `matches`. */
  record(awaited: string, matches: (record: Record<string, unknown>) => boolean, deadline?: number) {
    return poll(`log record of ${this.name}: ${awaited}`, () => this.records.find(matches), deadline);
  }

  signal(signal: Deno.Signal): void {
    this.#child.signal(signal);
  }

  /** kill -9. */
  kill(): Promise<ChildEnd> {
    return this.#child.kill();
  }

  /** SIGTERM, and SIGKILL after a grace. */
  stop(grace?: number): Promise<ChildEnd> {
    return this.#child.stop(grace);
  }

  /** Starts it again after its end, with the same options; does not wait until it is ready. */
  async restart(): Promise<void> {
    await this.#child.stop();
    this.#earlierLines.push(...this.#child.lines);
    this.#child = spawn(this.#options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child[Symbol.asyncDispose]();
  }
}

const frontDoor = fileURLToPath(new URL("../../../holdfast", import.meta.url));

function spawn({ command, config, env }: ProductProcessOptions): ChildProcess {
  return new ChildProcess({
    name: command,
    command: frontDoor,
    args: [command, "--config", config],
    ...(env && { env }),
  });
}
