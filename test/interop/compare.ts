import type { Cell } from "./cell.ts";
import { runCell } from "./clients/run_cell.ts";
import { designedReason } from "./by_design.ts";
import { type Difference, differences, type Observation, observe } from "./observation.ts";
import type { Target } from "./clients/run_cell.ts";

/** The two servers that a cell is asked of. */
export interface Sides {
  reference(cell: Cell): Target;
  edge(cell: Cell): Target;
}

/** What one cell came to. */
export interface CellResult {
  readonly cell: Cell;
  readonly reference: Observation;
  readonly edge: Observation;
  readonly mismatches: readonly Difference[];
  readonly byDesign: readonly (Difference & { readonly reason: string })[];
  /** Why the cell says nothing: not even the reference was asked for what the cell is about. */
  readonly void?: string;
  /** All that the client said, of both; only where something differs. */
  readonly output?: readonly [reference: string, edge: string];
}

/** Has a client connect to both sides and compares what it says of them. */
export async function compareCell(cell: Cell, sides: Sides): Promise<CellResult> {
  const atReference = await runCell(cell, sides.reference(cell));
  const atEdge = await runCell(cell, sides.edge(cell));
  const [reference, edge] = [observe(atReference), observe(atEdge)];
  const all = differences(reference, edge).map((difference) => ({
    ...difference,
    reason: designedReason(cell, difference),
  }));
  const reason = voidReason(cell, reference);
  return {
    cell,
    reference,
    edge,
    mismatches: all.filter(({ reason }) => reason === undefined).map(({ reason: _, ...difference }) =>
      difference
    ),
    byDesign: all.flatMap(({ reason, ...difference }) =>
      reason === undefined ? [] : [{ ...difference, reason }]
    ),
    ...(reason === undefined ? {} : { void: reason }),
    ...(all.length > 0 || reason !== undefined ? { output: [atReference.output, atEdge.output] } : {}),
  };
}

/** Two failures would be the same on both sides: the reference has to have done what was asked. */
function voidReason(cell: Cell, reference: Observation): string | undefined {
  if (!reference.verified) return "the client did not verify the reference";
  if (reference.status !== 200) return `the reference answered ${reference.status}`;
  if (cell.resumes && reference.resumed !== true) return "the reference did not resume";
  return undefined;
}

/** Runs cells, some at a time, in order. */
export async function compareCells(
  cells: readonly Cell[],
  sides: Sides,
  atATime: number,
  onResult: (result: CellResult) => void = () => {},
): Promise<CellResult[]> {
  const results: CellResult[] = new Array(cells.length);
  const entries = cells.entries();
  const work = async () => {
    for (const [index, cell] of entries) {
      results[index] = await compareCell(cell, sides);
      onResult(results[index]);
    }
  };
  await Promise.all(Array.from({ length: atATime }, work));
  return results;
}
