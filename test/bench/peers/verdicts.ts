import type { Line } from "./summary.ts";

/** What the edge is meant to show, and whether it did in this run. */
export interface Verdict {
  readonly claim: string;
  readonly wanted: string;
  readonly found: string;
  readonly kept: boolean;
}

/** At most so many times nginx's figure, in the median of all rounds. */
interface RatioClaim {
  readonly cell: string;
  readonly figure: string;
  readonly atMost: number;
}

const ratioClaims: readonly RatioClaim[] = [
  { cell: "full 1.3 ecdsa", figure: "CPU us", atMost: 1 },
  { cell: "full 1.3 rsa", figure: "CPU us", atMost: 0.5 },
  { cell: "resumed 1.3", figure: "CPU us", atMost: 1.1 },
  { cell: "resumed 1.2", figure: "CPU us", atMost: 1.1 },
  { cell: "bulk sent", figure: "CPU s/GiB", atMost: 0.9 },
  { cell: "bulk received", figure: "CPU s/GiB", atMost: 0.9 },
];

const idleKibAtMost = 32;

/** Of the claims whose cells were measured. */
export function verdicts(lines: readonly Line[]): Verdict[] {
  const find = (cell: string, figure: string) =>
    lines.find((line) => line.cell === cell && line.figure === figure);
  const ratios = ratioClaims.flatMap(({ cell, figure, atMost }) => {
    const ratio = find(cell, figure)?.ratio;
    if (ratio === undefined) return [];
    const found = `${ratio.median.toFixed(2)} x nginx (${ratio.min.toFixed(2)}..${ratio.max.toFixed(2)})`;
    return [{
      claim: `${cell}, ${figure}`,
      wanted: `at most ${atMost} x`,
      found,
      kept: ratio.median <= atMost,
    }];
  });
  return [...ratios, ...idleVerdicts(find)];
}

function idleVerdicts(find: (cell: string, figure: string) => Line | undefined): Verdict[] {
  const spread = (figure: string) => find("idle", figure)?.of.get("edge");
  const [memory, connections, within] = ["KiB each", "connections", "echoes within 1 s"].map(spread);
  if (memory === undefined || connections === undefined || within === undefined) return [];
  return [
    {
      claim: `idle connection at ${connections.median}`,
      wanted: `at most ${idleKibAtMost} KiB`,
      found: `${memory.median.toFixed(1)} KiB`,
      kept: memory.median <= idleKibAtMost,
    },
    {
      claim: "echoes of idle connections within 1 s, all asked at once",
      wanted: "all",
      found: `${within.min} of ${connections.min}`,
      kept: within.min === connections.min,
    },
  ];
}
