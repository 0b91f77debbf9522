import { descendantsOf } from "../../harness/proc/inspect.ts";

/** Linux' clock tick as /proc tells it (USER_HZ): 10 ms on every architecture that Holdfast runs on. */
const tickMicroseconds = 10_000;

/** CPU time of some processes so far, in two resolutions. */
export interface CpuReading {
  /** User and system time of whole processes, ended threads included, in microseconds; 10 ms steps. */
  readonly ofProcesses: number;
  /** Microseconds to the nanosecond, by thread id; ended threads are missing. */
  readonly ofThreads: ReadonlyMap<number, number>;
}

/** `pid` and everything under it: the front door's supervisor with its workers, a master with its own. */
export async function withDescendants(pid: number): Promise<number[]> {
  return [pid, ...await descendantsOf(pid)];
}

/** The CPU time of these processes so far. The processes are the caller's to list: see {@link withDescendants}. */
export async function readCpu(pids: readonly number[]): Promise<CpuReading> {
  const ofThreads = new Map<number, number>();
  let ofProcesses = 0;
  for (const pid of pids) {
    ofProcesses += await processTime(pid);
    for await (const { name } of Deno.readDir(`/proc/${pid}/task`)) {
      const text = await Deno.readTextFile(`/proc/${pid}/task/${name}/schedstat`).catch(() => undefined);
      if (text !== undefined) ofThreads.set(Number(name), Number(text.split(" ")[0]) / 1000);
    }
  }
  return { ofProcesses, ofThreads };
}

/**
 * Microseconds of CPU between two readings of the same processes: by their threads, unless a thread that ended in
 * between took more along than a few clock ticks, which the coarser reading would show.
 */
export function cpuBetween(before: CpuReading, after: CpuReading): number {
  let fine = 0;
  for (const [thread, time] of after.ofThreads) fine += time - (before.ofThreads.get(thread) ?? 0);
  const coarse = after.ofProcesses - before.ofProcesses;
  return coarse - fine > 3 * tickMicroseconds ? coarse : fine;
}

async function processTime(pid: number): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  // The command's name, in brackets, may hold anything: the fields are counted from its end. proc(5): utime, stime.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * tickMicroseconds;
}
