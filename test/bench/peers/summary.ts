import { formatSpread, type Spread, spreadOf } from "../measure/statistics.ts";
import { type ContenderName, contenderNames } from "./contender.ts";
import type { Results, Sample } from "./run_cells.ts";

/** Figures that tell how a measurement went, and compare nothing; they are in the JSON. */
const accompanying = new Set([
  "handshakes",
  "of one worker/s",
  "generator us",
  "generator s/GiB",
  "MiB/s",
  "connections",
  "echoes",
  "workers",
  "KiB RSS each",
]);

/** All rounds of one figure of one cell. */
export interface Line {
  readonly cell: string;
  readonly figure: string;
  readonly of: ReadonlyMap<ContenderName, Spread>;
  /** The edge's over nginx's, round by round. */
  readonly ratio: Spread | undefined;
}

export function summarise({ samples }: Results): Line[] {
  const cells = Map.groupBy(samples, ({ cell }) => cell);
  return [...cells].flatMap(([cell, inCell]) =>
    Object.keys(inCell[0]!.figures).map((figure) => lineOf(cell, figure, inCell))
  );
}

function lineOf(cell: string, figure: string, samples: readonly Sample[]): Line {
  const valuesOf = (name: ContenderName) =>
    samples.filter(({ contender }) => contender === name).toSorted((a, b) => a.round - b.round)
      .map(({ figures }) => figures[figure]!);
  const present = contenderNames.filter((name) => valuesOf(name).length > 0);
  const [edge, nginx] = [valuesOf("edge"), valuesOf("nginx")];
  const comparable = edge.length > 0 && nginx.length === edge.length && nginx.every((value) => value > 0);
  return {
    cell,
    figure,
    of: new Map(present.map((name) => [name, spreadOf(valuesOf(name))])),
    ratio: comparable ? spreadOf(edge.map((value, round) => value / nginx[round]!)) : undefined,
  };
}

/** Head and rows: medians with the smallest and the largest of all rounds. */
export function summaryTable(
  lines: readonly Line[],
  contenders: readonly ContenderName[],
): { head: string[]; rows: string[][] } {
  const rows = lines.filter(({ figure, of }) =>
    !accompanying.has(figure) && [...of.values()].some(isSomething)
  )
    .map(({ cell, figure, of, ratio }) => [
      cell,
      figure,
      ...contenders.map((name) =>
        of.has(name) && isSomething(of.get(name)!) ? formatSpread(of.get(name)!) : ""
      ),
      ratio === undefined || ratio.max === 0 ? "" : formatSpread(ratio),
    ]);
  return { head: ["", "", ...contenders, "edge / nginx"], rows };
}

function isSomething({ max }: Spread): boolean {
  return max !== 0;
}
