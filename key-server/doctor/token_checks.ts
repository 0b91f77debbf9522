import type { Check, CheckState } from "../../shared/doctor/report.ts";
import type { KeyReport, MechanismReport, TokenFacts } from "./token_report.ts";

const check = (name: string, state: CheckState, detail: string, mend?: string): Check => ({
  name,
  state,
  detail,
  ...mend !== undefined && { mend },
});

/** What the token says of itself, held against the sessions that the key server would open. */
export function factChecks(facts: TokenFacts, sessions: number): Check[] {
  const { slot, slotDescription, label, manufacturer, model, serial, firmware } = facts;
  const who = `slot ${slot} (${slotDescription}): "${label}", ${manufacturer} ${model}`;
  return [
    check("token", "on", `${who}, serial ${serial}, firmware ${firmware}`),
    pinCheck(facts),
    memoryCheck(facts),
    sessionsCheck(facts, sessions),
  ];
}

function pinCheck({ pin }: TokenFacts): Check {
  const name = "pin";
  switch (pin) {
    case "good":
      return check(name, "on", "the token counts no wrong PIN that would matter");
    case "count-low":
      return check(
        name,
        "off",
        "somebody gave a wrong PIN (CKF_USER_PIN_COUNT_LOW); a few more would lock it",
        "log in with the right one, which begins the count anew, and find who gave the wrong one",
      );
    case "final-try":
      return check(
        name,
        "off",
        "one more wrong PIN locks it (CKF_USER_PIN_FINAL_TRY); Holdfast does not log in meanwhile",
        "log in once with the right PIN by another tool (pkcs11-tool --login --list-objects)",
      );
    case "locked":
      return check(
        name,
        "off",
        "it is locked (CKF_USER_PIN_LOCKED)",
        "the security officer sets a new one (pkcs11-tool --login --login-type so --init-pin)",
      );
    case "not-set":
      return check(
        name,
        "off",
        "the token's user has no PIN yet",
        "the security officer sets one (pkcs11-tool --login --login-type so --init-pin)",
      );
  }
}

function memoryCheck({ freeMemory }: TokenFacts): Check {
  const name = "free-memory";
  if (freeMemory === undefined) return check(name, "impossible", "the token does not say how much it has");
  if (freeMemory > 0) return check(name, "on", `${freeMemory} bytes for private objects`);
  return check(name, "off", "none is left", "destroy keys that are retired (holdfast keys destroy)");
}

/** One session more than the configuration's is for searches, and one for each change. */
function sessionsCheck({ maxSessions }: TokenFacts, sessions: number): Check {
  const name = "sessions";
  const needed = sessions + 2;
  if (maxSessions === undefined) return check(name, "impossible", "the token does not say how many it has");
  if (maxSessions === 0) return check(name, "on", `without a limit; ${needed} are needed`);
  if (maxSessions >= needed) return check(name, "on", `${maxSessions} at most; ${needed} are needed`);
  const mend = `sessions = ${Math.max(1, maxSessions - 2)} in [[token]]`;
  return check(name, "off", `${maxSessions} at most; sessions = ${sessions} needs ${needed}`, mend);
}

export function mechanismCheck({ name, listed, keySizes }: MechanismReport): Check {
  if (!listed) return check(name, "impossible", "the token does not list it");
  return check(name, "on", keySizes === undefined ? "listed" : `listed, keys of ${keySizes.join(" to ")}`);
}

function nameOf({ label, id }: KeyReport): string {
  return `key ${label ?? (id === undefined ? "without a name" : `id=${id}`)}`;
}

/** What one private key is, and each scheme that it makes, does not make, or makes in a second way. */
export function keyChecks(key: KeyReport): Check[] {
  const name = nameOf(key);
  const { problem, attributes, works = [], refused = [] } = key;
  if (problem !== undefined || attributes === undefined) {
    return [
      check(name, "off", problem ?? "unknown", "destroy it if nobody needs it, or give it names of its own"),
    ];
  }
  const bits = key.kind === "rsa" ? ` of ${key.bits} bits` : "";
  const flags = Object.entries(attributes).map(([flag, value]) => `${flag} ${value ?? "not told"}`);
  const detail = `${key.kind}${bits}, SKI ${key.ski}; ${flags.join(", ")}`;
  return [
    protection(name, detail, attributes),
    ...works.map(({ scheme, method }) => {
      const others = refused.filter((other) => other.scheme === scheme);
      const not = others.map(({ method, reason }) => `; not by ${method}: ${reason}`).join("");
      return check(name, "on", `${scheme} by ${method}${not}`);
    }),
    ...refusedSchemes(key).map(([scheme, words]) => check(name, "impossible", `${scheme}: ${words}`)),
    ...works.length === 0 ? [check(name, "off", "it signs nothing that TLS knows", signMend(key))] : [],
  ];
}

function protection(
  name: string,
  detail: string,
  { extractable, sensitive }: NonNullable<KeyReport["attributes"]>,
) {
  if (extractable === true || sensitive === false) {
    return check(name, "off", `${detail}: it can leave the token`, "rotate to one that was generated there");
  }
  return check(name, "on", detail);
}

/** What a TPM without places for another key says, among others. */
const maybeFull = /CKR_(GENERAL_ERROR|DEVICE_MEMORY|HOST_MEMORY|DEVICE_ERROR)/;

function signMend({ attributes, refused = [] }: KeyReport): string {
  if (attributes?.sign === false) {
    return "the token was told that it does not sign (CKA_SIGN); generate another";
  }
  if (refused.some(({ reason }) => maybeFull.test(reason))) {
    return "a TPM may be full of keys of other programs: use /dev/tpmrm0, or restart it; else generate another key";
  }
  return "generate a key of another kind (holdfast keys generate)";
}

/** Schemes that no method makes, with what the token said to each. */
function refusedSchemes({ works = [], refused = [] }: KeyReport): [string, string][] {
  const made = new Set(works.map(({ scheme }) => scheme));
  const words = new Map<string, string[]>();
  for (const { scheme, method, reason } of refused) {
    if (!made.has(scheme)) words.set(scheme, [...words.get(scheme) ?? [], `not by ${method}: ${reason}`]);
  }
  return [...words].map(([scheme, all]) => [scheme, all.join("; ")]);
}
