import { isIPv4, isIPv6 } from "node:net";
import { HoldfastError } from "../../shared/errors.ts";

/** The 4 or 16 bytes of an IP literal, in network order; a zone ("%eth0") is dropped. */
export function parseIpAddress(literal: string): Uint8Array {
  const [address = ""] = literal.split("%");
  if (isIPv4(address)) return new Uint8Array(address.split(".").map(Number));
  if (!isIPv6(address)) {
    throw new HoldfastError("invalid-address", "Cannot encode an address: it is no IP literal");
  }
  // The URL parser turns every spelling, the dotted tail included, into hexadecimal groups.
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = "", tail = ""] = canonical.split("::");
  const before = groupsOf(head);
  const after = groupsOf(tail);
  const groups = [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
  return new Uint8Array(groups.flatMap((group) => [group >> 8, group & 0xff]));
}

/** An IPv4 client of a dual-stack socket comes as ::ffff:a.b.c.d; this gives a.b.c.d, and any other literal as it is. */
export function withoutV4Mapping(address: string): string {
  return address.startsWith("::ffff:") && isIPv4(address.slice(7)) ? address.slice(7) : address;
}

function groupsOf(text: string): number[] {
  return text === "" ? [] : text.split(":").map((group) => parseInt(group, 16));
}
