import { fileURLToPath } from "node:url";
import { mustRun } from "../../harness/command.ts";
import { ChildProcess } from "../../harness/processes/child_process.ts";
import { poll } from "../../harness/poll.ts";
import { TextLineStream } from "../../harness/processes/lines.ts";
import type { TcpAddress } from "../../../shared/config/address.ts";
import { PacedLoad, type PacedOptions } from "./paced_load.ts";

const sources = fileURLToPath(new URL(".", import.meta.url));
const buildFolder = fileURLToPath(new URL("../../../.holdfast/bench", import.meta.url));

/** After so long a run that hangs is ended; none is meant to take a quarter of that. */
const deadlineSeconds = 120;

/** The same for load that somebody stops. */
const longestLoad = 3600;

/** Whom to put load on, and as what. */
export interface Target extends TcpAddress {
  readonly serverName: string;
}

/** Times in microseconds. */
export interface Latencies {
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
}

/** `cpu`: the generator's own, in microseconds. */
export interface HandshakesResult extends Latencies {
  readonly handshakes: number;
  readonly resumed: number;
  readonly failed: number;
  readonly failure: string;
  readonly seconds: number;
  readonly cpu: number;
}

export interface BulkResult {
  readonly bytes: number;
  readonly seconds: number;
  readonly cpu: number;
}

export interface IdleResult extends Latencies {
  readonly connections: number;
  readonly echoes: number;
  readonly withinOneSecond: number;
}

export interface HandshakesOptions {
  readonly version: "1.2" | "1.3";
  readonly concurrency: number;
  /** No new ones are begun after that, or after `count`. */
  readonly seconds: number;
  readonly count?: number;
  readonly resume?: boolean;
  /** Milliseconds before each; 0 unless told. For one at a time. */
  readonly pause?: number;
}

/** The load generator and backend of this folder, compiled when its sources have changed. */
export class LoadProgram {
  private constructor(readonly path: string) {}

  static async build(): Promise<LoadProgram> {
    const names = [...Deno.readDirSync(sources)].map(({ name }) => name).filter((name) =>
      /\.(cpp|h)$/.test(name)
    );
    const texts = await Promise.all(names.toSorted().map((name) => Deno.readTextFile(sources + name)));
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(texts.join()));
    const path = `${buildFolder}/load-${new Uint8Array(digest).toHex().slice(0, 16)}`;
    if (await Deno.stat(path).then(() => true, () => false)) return new LoadProgram(path);
    await Deno.mkdir(buildFolder, { recursive: true });
    const files = names.filter((name) => name.endsWith(".cpp")).map((name) => sources + name);
    const fresh = `${path}.${Deno.pid}`;
    const flags = ["-O2", "-std=c++17", "-Wall", "-Wextra"];
    await mustRun("g++", [...flags, ...files, "-o", fresh, "-lssl", "-lcrypto"], { deadline: 120_000 });
    await Deno.rename(fresh, path);
    return new LoadProgram(path);
  }

  /** The backend of every server: see backend.cpp. */
  async startBackend({ host, port }: TcpAddress, prefix: readonly string[] = []): Promise<ChildProcess> {
    const command = [...prefix, this.path, "backend", `host=${host}`, `port=${port}`];
    const backend = new ChildProcess({ name: "backend", command: command[0]!, args: command.slice(1) });
    await poll("backend", () => backend.lines.includes("ready"));
    return backend;
  }

  handshakes(target: Target, options: HandshakesOptions, prefix?: readonly string[]) {
    const { version, concurrency, seconds, count, resume = false, pause = 0 } = options;
    return LoadRun.prepare<HandshakesResult>([
      ...[...prefix ?? [], this.path, "handshakes", ...targetArguments(target), `version=${version}`],
      ...[`concurrency=${concurrency}`, `seconds=${seconds}`, `resume=${resume ? 1 : 0}`, `pause=${pause}`],
      ...(count === undefined ? [] : [`count=${count}`]),
    ]);
  }

  bulk(target: Target, direction: "sent" | "received", bytes: number) {
    return LoadRun.prepare<BulkResult>([
      ...[this.path, "bulk", ...targetArguments(target), "version=1.3", "connections=4"],
      ...[`direction=${direction}`, `bytes=${bytes}`],
    ]);
  }

  roundTrips({ host, port }: TcpAddress, count: number) {
    return LoadRun.prepare<Latencies>([
      ...[this.path, "round-trips", `host=${host}`, `port=${port}`, `count=${count}`],
      `deadline=${deadlineSeconds}`,
    ]);
  }

  /** Full handshakes at a rate, until they are told to stop: see paced.cpp. */
  paced(target: Target, options: PacedOptions): Promise<PacedLoad> {
    return PacedLoad.start([this.path, "paced", ...targetArguments(target, longestLoad)], options);
  }

  idle(target: Target, connections: number) {
    return LoadRun.prepare<IdleResult>([
      ...[this.path, "idle", ...targetArguments(target), "version=1.3", `connections=${connections}`],
    ]);
  }
}

function targetArguments({ host, port, serverName }: Target, deadline = deadlineSeconds): string[] {
  return [`host=${host}`, `port=${port}`, `name=${serverName}`, `deadline=${deadline}`];
}

/** One run of the generator: prepared first, so that whoever measures can read clocks, and then told to go. */
export class LoadRun<Result> {
  readonly #child: Deno.ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #errors: Promise<string>;

  private constructor([command, ...args]: readonly string[]) {
    this.#child = new Deno.Command("setpriv", {
      args: ["--pdeathsig", "KILL", command!, ...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#lines = linesOf(this.#child.stdout);
    this.#errors = new Response(this.#child.stderr).text();
  }

  /** Starts it and waits until connections and sessions that it needs beforehand are there. */
  static async prepare<Result>(command: readonly string[]): Promise<LoadRun<Result>> {
    const run = new LoadRun<Result>(command);
    await run.#line();
    return run;
  }

  /** Lets it go, and waits for what it has measured. */
  async go(): Promise<Result> {
    const writer = this.#child.stdin.getWriter();
    await writer.write(new TextEncoder().encode("go\n"));
    const result = JSON.parse(await this.#line());
    await writer.close();
    await this.#child.status;
    return result as Result;
  }

  async #line(): Promise<string> {
    const { done, value } = await this.#lines.next();
    if (done !== true) return value;
    throw new Error(`Cannot put load on a server: ${await this.#errors}`);
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  yield* stream.pipeThrough(new TextLineStream());
}
