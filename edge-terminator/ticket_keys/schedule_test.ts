import assert from "node:assert/strict";
import { TicketKeyScheduleError } from "./errors.ts";
import { defaultSchedule, ticketKeySchedule } from "./schedule.ts";

const hour = 3600_000;

Deno.test("L12: by default a key seals for 12 hours and opens until 36", () => {
  assert.deepEqual(ticketKeySchedule(), { sealsFor: 12 * hour, opensFor: 36 * hour, activationDelay: 5000 });
  assert.deepEqual(ticketKeySchedule(), defaultSchedule);
});

Deno.test("a schedule that cannot be kept is refused, naming what is wrong", () => {
  for (
    const [changes, reason] of [
      [{ sealsFor: 0 }, /sealsFor is 0 ms/],
      [{ sealsFor: -1 }, /sealsFor is -1/],
      [{ sealsFor: NaN }, /sealsFor is NaN/],
      [{ sealsFor: 1.5 }, /sealsFor is 1.5/],
      [{ opensFor: Infinity }, /opensFor is Infinity/],
      [{ opensFor: 12 * hour }, /expected sealsFor and activationDelay or more/],
      [{ sealsFor: 60_000, activationDelay: 60_000 }, /less than sealsFor/],
      [{ sealsFor: 60_000 }, /too many keys/],
    ] as const
  ) {
    assert.throws(
      () => ticketKeySchedule(changes),
      (error) => error instanceof TicketKeyScheduleError && reason.test(error.message),
      JSON.stringify(changes),
    );
  }
});
