import type { HandshakesOptions, HandshakesResult } from "../../load/load_program.ts";
import type { CertificateName, Setup } from "../contender.ts";
import { type Cell, everyServer, type Measuring, oneWorker } from "./cell.ts";
import { cpuOf } from "./role_cpu.ts";

/** In flight at a time where CPU is measured: enough to keep a worker busy. */
const usualConcurrency = 16;

interface Kind {
  readonly version: HandshakesOptions["version"];
  readonly certificate: CertificateName;
  readonly resume?: boolean;
}

/** CPU microseconds of one handshake with its connection: connect, one byte to the backend and back, close. */
export function handshakeCell(name: string, kind: Kind, setup: Setup = oneWorker): Cell {
  return {
    name,
    setup,
    ...(setup.logs ? { contenders: ["edge", "nginx"] as const } : {}),
    ...(kind.resume === true ? { contenders: everyServer } : {}),
    warmUp: (measuring) => warmUp(measuring, kind, usualConcurrency),
    measure: async (measuring) => {
      const prepared = await prepare(measuring, kind, usualConcurrency);
      const { result, cpu } = await cpuOf(measuring.contender, () => prepared.go());
      const { handshakes, seconds } = checked(result, kind);
      return {
        "CPU us": cpu.terminator / handshakes,
        "key server's CPU us": cpu.keyServer / handshakes,
        // Nobody asks a key server to resume: what it does meanwhile is its own.
        ...(kind.resume === true ? {} : { "both's CPU us": (cpu.terminator + cpu.keyServer) / handshakes }),
        "generator us": result.cpu / handshakes,
        "handshakes": handshakes,
        "of one worker/s": handshakes / seconds,
      };
    },
  };
}

/** Milliseconds from connect to the end of the client's handshake, so many at a time. */
export function latencyCell(atOnce: number, kind: Kind): Cell {
  return {
    name: `latency ${atOnce} at once ${kind.version} ${kind.certificate}`,
    setup: oneWorker,
    warmUp: (measuring) => warmUp(measuring, kind, atOnce),
    measure: async (measuring) => {
      const result = await (await prepare(measuring, kind, atOnce)).go();
      const { p50, p99, handshakes } = checked(result, kind);
      return { "p50 ms": p50 / 1000, "p99 ms": p99 / 1000, handshakes };
    },
  };
}

/** Handshakes a second with a worker for each core, the generators on the same cores. */
export function rateCell(kind: Kind): Cell {
  const generators = 2;
  return {
    name: `all cores ${kind.version} ${kind.certificate}`,
    setup: { workers: navigator.hardwareConcurrency, logs: false },
    warmUp: (measuring) => warmUp(measuring, kind, 2 * usualConcurrency, 2),
    measure: async (measuring) => {
      const prepared = await Promise.all(
        Array.from({ length: generators }, () => prepare(measuring, kind, 2 * usualConcurrency)),
      );
      const results = await Promise.all(prepared.map(async (one) => checked(await one.go(), kind)));
      const sum = (of: (result: HandshakesResult) => number) =>
        results.reduce((total, result) => total + of(result), 0);
      return {
        "handshakes/s": sum(({ handshakes, seconds }) => handshakes / seconds),
        "generator us": sum(({ cpu }) => cpu) / sum(({ handshakes }) => handshakes),
        "handshakes": sum(({ handshakes }) => handshakes),
      };
    },
  };
}

function prepare({ load, contender, effort }: Measuring, kind: Kind, concurrency: number) {
  const { version, certificate, resume = false } = kind;
  const { seconds } = effort;
  return load.handshakes(contender.target(certificate), { version, concurrency, seconds, resume });
}

/** The same load, for all workers, uncounted. */
async function warmUp(
  { load, contender, effort }: Measuring,
  kind: Kind,
  concurrency: number,
  workers = 1,
): Promise<void> {
  const { version, certificate, resume = false } = kind;
  const count = effort.warmUpHandshakes * workers;
  const options = { version, concurrency, resume, count, seconds: 100 };
  checked(await (await load.handshakes(contender.target(certificate), options)).go(), kind);
}

/** A handshake that fails, or is of another kind than asked for, spoils the figure. */
function checked(result: HandshakesResult, { resume = false }: Kind): HandshakesResult {
  const { handshakes, resumed, failed, failure } = result;
  if (failed > 0 || handshakes === 0) throw new Error(`Cannot measure: ${failed} failed, ${failure}`);
  if (resumed !== (resume ? handshakes : 0)) {
    throw new Error(`Cannot measure: ${resumed} of ${handshakes} handshakes resumed`);
  }
  return result;
}
