import pkcs11js, { type Handle, type TokenInfo } from "pkcs11js";
import { calling } from "../token/errors.ts";
import { slotNumber } from "../token/slot.ts";
import type { TokenCalls } from "../token/token_calls.ts";
import type { MechanismReport, TokenFacts } from "./token_report.ts";

// PKCS#11 3.0; pkcs11js has the constants of 2.40 only.
const mechanisms = {
  CKM_ECDSA: pkcs11js.CKM_ECDSA,
  CKM_EDDSA: 0x1057,
  CKM_RSA_PKCS: pkcs11js.CKM_RSA_PKCS,
  CKM_RSA_PKCS_PSS: pkcs11js.CKM_RSA_PKCS_PSS,
  CKM_RSA_X_509: pkcs11js.CKM_RSA_X_509,
  CKM_EC_KEY_PAIR_GEN: pkcs11js.CKM_EC_KEY_PAIR_GEN,
  CKM_EC_EDWARDS_KEY_PAIR_GEN: 0x1055,
  CKM_RSA_PKCS_KEY_PAIR_GEN: pkcs11js.CKM_RSA_PKCS_KEY_PAIR_GEN,
};

/** CK_UNAVAILABLE_INFORMATION is all ones of a CK_ULONG, which as a number is beyond what is exact. */
function ifTold(value: number): number | undefined {
  return value >= 0 && value <= Number.MAX_SAFE_INTEGER && value !== 0xffff_ffff ? value : undefined;
}

/** Token fields are padded with blanks to a fixed width. */
function unpadded(field: string): string {
  return field.replace(/[ \0]+$/, "");
}

/** What the token's flags say of its user's PIN. */
export function pinState(flags: number): TokenFacts["pin"] {
  const has = (flag: number) => (flags & flag) !== 0;
  if (has(pkcs11js.CKF_USER_PIN_LOCKED)) return "locked";
  if (has(pkcs11js.CKF_USER_PIN_FINAL_TRY)) return "final-try";
  if (has(pkcs11js.CKF_USER_PIN_COUNT_LOW)) return "count-low";
  return has(pkcs11js.CKF_USER_PIN_INITIALIZED) ? "good" : "not-set";
}

/** As C_GetTokenInfo and C_GetSlotInfo have it. */
export function tokenFacts(slot: number, slotDescription: string, info: TokenInfo): TokenFacts {
  const { major, minor } = info.firmwareVersion;
  const [freeMemory, maxSessions] = [ifTold(info.freePrivateMemory), ifTold(info.maxSessionCount)];
  return {
    slot,
    slotDescription: unpadded(slotDescription),
    label: unpadded(info.label),
    manufacturer: unpadded(info.manufacturerID),
    model: unpadded(info.model),
    serial: unpadded(info.serialNumber),
    firmware: `${major}.${minor}`,
    loginRequired: (info.flags & pkcs11js.CKF_LOGIN_REQUIRED) !== 0,
    pin: pinState(info.flags),
    ...freeMemory !== undefined && { freeMemory },
    ...maxSessions !== undefined && { maxSessions },
  };
}

/** Asks the token about itself; no login is needed. Throws TokenError. */
export async function readTokenFacts(calls: TokenCalls, slot: Handle): Promise<TokenFacts> {
  return await calling("read the token", async () => {
    const { slotDescription } = await calls.C_GetSlotInfo(slot);
    return tokenFacts(slotNumber(slot), slotDescription, await calls.C_GetTokenInfo(slot));
  });
}

/** Which of the mechanisms that Holdfast uses the token lists. Throws TokenError. */
export async function readMechanisms(calls: TokenCalls, slot: Handle): Promise<MechanismReport[]> {
  const listed = new Set(
    await calling("list the token's mechanisms", () => calls.C_GetMechanismList(slot)),
  );
  const reports: MechanismReport[] = [];
  for (const [name, number] of Object.entries(mechanisms)) {
    if (!listed.has(number)) {
      reports.push({ name, listed: false });
      continue;
    }
    // Some tokens list a mechanism and know nothing of it.
    const info = await calls.C_GetMechanismInfo(slot, number).catch(() => undefined);
    const isTold = info !== undefined && ifTold(info.maxKeySize) !== undefined && info.maxKeySize > 0;
    reports.push({ name, listed: true, ...isTold && { keySizes: [info.minKeySize, info.maxKeySize] } });
  }
  return reports;
}
