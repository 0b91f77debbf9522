import { TicketKeyScheduleError } from "./errors.ts";

/** How ticket keys age, in milliseconds. Keys change by time alone, never by use. */
export interface TicketKeySchedule {
  /** A new key is made when the newest is this old. */
  readonly sealsFor: number;
  /** At this age a key is zeroed; from the making of the next one until then it only opens. */
  readonly opensFor: number;
  /**
   * How long a new key waits before it seals, so that everybody who may be shown its tickets has it by then. The key
   * before goes on sealing for as long.
   */
  readonly activationDelay: number;
}

const second = 1000;
const hour = 3600 * second;

/** A new key every 12 hours, gone after 36: a ticket of 24 hours opens to its end. */
export const defaultSchedule: TicketKeySchedule = {
  sealsFor: 12 * hour,
  opensFor: 36 * hour,
  activationDelay: 5 * second,
};

/**
 * Milliseconds that other edges have for saying that they hold a new key, before the one before it ends: then there are no
 * tickets until they have.
 */
export const gatheringTime = 60 * second;

/** Keys that one source may hold at once: bounds memory and the search by name. */
export const mostKeys = 64;

/** Keys of one maker and domain that anybody holds at once: those of its schedule, and those that somebody asked for between. */
export const mostKeysOfMaker = 256;

/** The default with changes. Throws {@link TicketKeyScheduleError} when the times do not fit each other. */
export function ticketKeySchedule(changes: Partial<TicketKeySchedule> = {}): TicketKeySchedule {
  const schedule = { ...defaultSchedule, ...changes };
  const { sealsFor, opensFor, activationDelay } = schedule;
  for (const [name, value] of Object.entries(schedule)) {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new TicketKeyScheduleError(`${name} is ${value}; expected milliseconds, a whole number`);
    }
  }
  if (sealsFor < second) {
    throw new TicketKeyScheduleError(`sealsFor is ${sealsFor} ms; expected a second or more`);
  }
  if (activationDelay >= sealsFor) {
    throw new TicketKeyScheduleError(`activationDelay is ${activationDelay} ms; expected less than sealsFor`);
  }
  if (opensFor < sealsFor + activationDelay) {
    throw new TicketKeyScheduleError(
      `opensFor is ${opensFor} ms; expected sealsFor and activationDelay or more`,
    );
  }
  if (opensFor > (mostKeys - 1) * sealsFor) {
    throw new TicketKeyScheduleError(`opensFor is over ${mostKeys - 1} times sealsFor: too many keys`);
  }
  return schedule;
}
