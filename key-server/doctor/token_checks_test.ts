import assert from "node:assert/strict";
import pkcs11js from "pkcs11js";
import { factChecks, keyChecks } from "./token_checks.ts";
import { pinState } from "./token_facts.ts";
import type { KeyReport, TokenFacts } from "./token_report.ts";

const facts: TokenFacts = {
  slot: 1,
  slotDescription: "slot",
  label: "web",
  manufacturer: "maker",
  model: "model",
  serial: "1",
  firmware: "2.6",
  loginRequired: true,
  pin: "good",
};

function offs(changed: Partial<TokenFacts>): string[] {
  return factChecks({ ...facts, ...changed }, 8).filter(({ state }) => state === "off").map(
    ({ name, mend }) => {
      assert(mend !== undefined, "what is off has a mend");
      return name;
    },
  );
}

Deno.test("a PIN that somebody tried, a full token and too few sessions are off, and what is not told is not", () => {
  assert.deepEqual(offs({}), []);
  for (const pin of ["count-low", "final-try", "locked", "not-set"] as const) {
    assert.deepEqual(offs({ pin }), ["pin"]);
  }
  assert.deepEqual(offs({ freeMemory: 0 }), ["free-memory"]);
  assert.deepEqual(offs({ maxSessions: 9 }), ["sessions"]);
  assert.deepEqual(offs({ maxSessions: 10, freeMemory: 1 }), []);
  assert.deepEqual(offs({ maxSessions: 0 }), [], "0 is without a limit");
});

Deno.test("the worst of a PIN's flags is what is told", () => {
  const { CKF_USER_PIN_INITIALIZED: set, CKF_USER_PIN_COUNT_LOW: low } = pkcs11js;
  const { CKF_USER_PIN_FINAL_TRY: last, CKF_USER_PIN_LOCKED: locked } = pkcs11js;
  assert.equal(pinState(set), "good");
  assert.equal(pinState(0), "not-set");
  assert.equal(pinState(set | low), "count-low");
  assert.equal(pinState(set | low | last), "final-try");
  assert.equal(pinState(set | low | last | locked), "locked");
});

Deno.test("a key that can leave its token, one that signs nothing, and one without a name are off", () => {
  const attributes = { sign: true, decrypt: false, extractable: false, sensitive: true, local: true };
  const works = [{ scheme: "ed25519", method: "CKM_EDDSA" }];
  const good: KeyReport = {
    label: "a",
    kind: "ed25519",
    bits: 256,
    ski: "00",
    attributes,
    works,
    refused: [],
  };
  const states = (key: KeyReport) => keyChecks(key).map(({ state }) => state);
  assert.deepEqual(states(good), ["on", "on"]);
  assert.deepEqual(states({ ...good, attributes: { ...attributes, extractable: true } }), ["off", "on"]);
  assert.deepEqual(states({ ...good, attributes: { ...attributes, sensitive: false } }), ["off", "on"]);
  const refused = [{ ...works[0]!, reason: "CKR_GENERAL_ERROR" }];
  const mute = keyChecks({ ...good, works: [], refused });
  assert.deepEqual(mute.map(({ state }) => state), ["on", "impossible", "off"]);
  assert.match(mute[1]!.detail, /^ed25519: not by CKM_EDDSA: CKR_GENERAL_ERROR$/);
  assert.match(mute[2]!.mend ?? "", /TPM/);
  assert.deepEqual(states({ problem: "Cannot name the key" }), ["off"]);
});
