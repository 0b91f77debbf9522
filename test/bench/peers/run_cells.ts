import type { Cell, Effort, Figures } from "./cells/cell.ts";
import type { Absentee, ContenderName } from "./contender.ts";
import { Stage } from "./stage.ts";

/** What one contender showed in one round of one cell. */
export interface Sample {
  readonly cell: string;
  readonly contender: ContenderName;
  readonly round: number;
  readonly figures: Figures;
}

export interface Results {
  readonly samples: readonly Sample[];
  readonly absent: readonly Absentee[];
}

/** Asks every cell of every contender, alternating between them in each round. */
export async function runCells(
  cells: readonly Cell[],
  names: readonly ContenderName[],
  effort: Effort,
  progress: (line: string) => void,
): Promise<Results> {
  const samples: Sample[] = [];
  const absent: Absentee[] = [];
  for (const together of Map.groupBy(cells, ({ setup }) => JSON.stringify(setup)).values()) {
    const { setup } = together[0]!;
    const asked = names.filter((name) => together.some((cell) => asks(cell, name)));
    await using stage = await Stage.start(setup, asked);
    absent.push(...stage.absent.filter(({ name }) => absent.every((one) => one.name !== name)));
    for (const cell of together) {
      for (const sample of await runCell(cell, stage, effort)) {
        progress(`${cell.name}, ${sample.contender}, round ${sample.round}: ${figuresText(sample.figures)}`);
        samples.push(sample);
      }
    }
  }
  return { samples, absent };
}

function asks({ contenders }: Cell, name: ContenderName): boolean {
  return contenders === undefined || contenders.includes(name);
}

async function runCell(cell: Cell, stage: Stage, effort: Effort): Promise<Sample[]> {
  const { load } = stage;
  const contenders = stage.contenders.filter(({ name }) => asks(cell, name));
  for (const contender of contenders) await cell.warmUp({ load, contender, effort });
  const samples: Sample[] = [];
  for (let round = 1; round <= effort.rounds; round++) {
    // Back and forth, so that a machine that slows down or warms up favours nobody.
    for (const contender of round % 2 === 1 ? contenders : contenders.toReversed()) {
      const figures = await cell.measure({ load, contender, effort });
      samples.push({ cell: cell.name, contender: contender.name, round, figures });
    }
  }
  return samples;
}

function figuresText(figures: Figures): string {
  return Object.entries(figures).map(([name, value]) => `${name} ${value.toFixed(value < 10 ? 2 : 0)}`).join(
    ", ",
  );
}
