import assert from "node:assert/strict";
import { restAfterRenewal } from "./renewal.ts";

const minute = 60_000;

Deno.test("certificates of every configurable life are renewed while they hold, and no more often than they end", () => {
  const now = new Date("2026-11-21T12:00:00Z");
  // Key servers put the beginning five minutes back.
  const notBefore = new Date(now.getTime() - 5 * minute);
  for (const minutes of [1, 1.5, 2, 3, 5, 10, 60, 24 * 60]) {
    const life = minutes * minute;
    const rest = restAfterRenewal({ notBefore, notAfter: new Date(now.getTime() + life) }, now);
    assert(rest <= life * 2 / 3, `${minutes} minutes: ${rest}`);
    assert(rest >= life / 4, `${minutes} minutes: ${rest}`);
  }
});
