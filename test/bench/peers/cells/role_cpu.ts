import { cpuBetween, readCpu } from "../../measure/cpu_time.ts";
import type { Contender } from "../contender.ts";

/** CPU time of a contender's processes by role, in microseconds. */
export interface RoleCpu {
  readonly terminator: number;
  readonly keyServer: number;
}

/** What a contender spends on `work`, and what that returns. */
export async function cpuOf<Result>(
  contender: Contender,
  work: () => Promise<Result>,
): Promise<{ result: Result; cpu: RoleCpu }> {
  const { terminator, keyServer } = await contender.roles();
  const before = [await readCpu(terminator), await readCpu(keyServer)] as const;
  const result = await work();
  // The last connections are closed for the client, and perhaps not yet for the server.
  await new Promise((resolve) => setTimeout(resolve, 50));
  const after = [await readCpu(terminator), await readCpu(keyServer)] as const;
  return {
    result,
    cpu: { terminator: cpuBetween(before[0], after[0]), keyServer: cpuBetween(before[1], after[1]) },
  };
}
