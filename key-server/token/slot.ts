import pkcs11js, { type Handle, type TokenInfo } from "pkcs11js";
import { calling, TokenError } from "./errors.ts";
import type { TokenCalls } from "./token_calls.ts";
import type { Pkcs11Uri } from "./uri.ts";

/** Slot ids are CK_ULONG in the platform's byte order. */
export function slotNumber(slot: Handle): number {
  return Number(new DataView(slot.buffer, slot.byteOffset, 8).getBigUint64(0, true));
}

/** Token fields are padded with blanks to a fixed width. */
function matches(wanted: string | undefined, field: string): boolean {
  return wanted === undefined || field.replace(/[ \0]+$/, "") === wanted;
}

function isToken(uri: Pkcs11Uri, slot: Handle, info: TokenInfo): boolean {
  return (info.flags & pkcs11js.CKF_TOKEN_INITIALIZED) !== 0 &&
    (uri.slotId === undefined || uri.slotId === slotNumber(slot)) &&
    matches(uri.token, info.label) &&
    matches(uri.serial, info.serialNumber) &&
    matches(uri.model, info.model) &&
    matches(uri.manufacturer, info.manufacturerID);
}

/** The one slot whose token the URI describes. Throws TokenError when none or several do. */
export async function findSlot(calls: TokenCalls, uri: Pkcs11Uri): Promise<Handle> {
  const slots = await calling("list the module's slots", () => calls.C_GetSlotList(true));
  const found: Handle[] = [];
  for (const slot of slots) {
    const info = await calling("read a slot's token", () => calls.C_GetTokenInfo(slot));
    if (isToken(uri, slot, info)) found.push(slot);
  }
  const name = uri.token ?? "any";
  if (found.length > 1) {
    throw new TokenError(`Cannot choose a token: ${found.length} match (label ${name}); add serial=`);
  }
  const [slot] = found;
  if (slot === undefined) throw new TokenError(`Cannot find the token: none matches (label ${name})`);
  return slot;
}
