import { randomBytes } from "node:crypto";
import type { RecordContents } from "./log_writer.ts";
import type { JournalPlace, TallyJournal, TallyRecord } from "./tally_journal.ts";

const minute = 60_000;

/** Different things that may be counted at a time. */
const mostTallies = 10_000;

interface Tally {
  readonly fields: Omit<TallyRecord, "count">;
  count: number;
  /** Undefined until the journal has it. */
  place: JournalPlace | undefined;
}

/**
 * Counts what happens often: one record for each thing that happened in a minute, with how often.
 *
 * Two journals take turns: the one of the minute that is over keeps its counts until their records are on the disk.
 */
export class MinuteTally {
  #journal: TallyJournal;
  #former: TallyJournal;
  readonly #tallies = new Map<string, Tally>();
  readonly #changed = new Set<Tally>();
  #startedAt = 0;
  #taken = 0;
  #id = "";

  constructor([first, second]: readonly [TallyJournal, TallyJournal]) {
    this.#journal = first;
    this.#former = second;
  }

  /** Counts one of what `fields` tell. False: too many different things, and this one is not counted. */
  count(fields: RecordContents, now: number): boolean {
    const key = Object.values(fields).join("\n");
    let tally = this.#tallies.get(key);
    if (tally === undefined) {
      if (this.#tallies.size >= mostTallies) return false;
      if (this.#tallies.size === 0) this.#start(now);
      tally = this.#newTally(fields);
      this.#tallies.set(key, tally);
    }
    tally.count++;
    this.#changed.add(tally);
    return true;
  }

  /** Whether the records are to be taken: the minute is over, or has too many things. */
  isDue(now: number): boolean {
    if (this.#tallies.size === 0) return false;
    return Math.floor(now / minute) !== Math.floor(this.#startedAt / minute) ||
      this.#tallies.size >= mostTallies;
  }

  /** Puts what was counted since the last time into the journal. Throws the disk's error. */
  flush(): void {
    for (const tally of this.#changed) {
      const { fields, count, place } = tally;
      if (place === undefined) tally.place = this.#journal.begin({ ...fields, count } as TallyRecord);
      else this.#journal.update(place, count);
      this.#changed.delete(tally);
    }
  }

  /** How often the records were taken. */
  get taken(): number {
    return this.#taken;
  }

  /** Ends the minute: its records, for the log. */
  take(): TallyRecord[] {
    this.#taken++;
    const records = Array.from(this.#tallies.values(), ({ fields, count }) => ({ ...fields, count }));
    this.#tallies.clear();
    this.#changed.clear();
    [this.#journal, this.#former] = [this.#former, this.#journal];
    return records as TallyRecord[];
  }

  /** All records that were taken are on the disk. Throws the disk's error. */
  settle(): void {
    this.#former.empty();
  }

  async sync(): Promise<void> {
    await this.#journal.sync();
  }

  #start(now: number): void {
    this.#startedAt = now;
    this.#id = randomBytes(8).toString("hex");
  }

  #newTally(fields: RecordContents): Tally {
    const since = new Date(Math.floor(this.#startedAt / minute) * minute).toISOString();
    const tally = `${this.#id}-${this.#tallies.size}`;
    return { fields: { ...fields, minute: since, tally }, count: 0, place: undefined };
  }
}
