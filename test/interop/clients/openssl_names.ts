import type { Cell, Cipher, Group } from "../cell.ts";

const ciphers: Readonly<Record<Cipher, string>> = {
  AES_128_GCM_SHA256: "AES128-GCM-SHA256",
  AES_256_GCM_SHA384: "AES256-GCM-SHA384",
  CHACHA20_POLY1305_SHA256: "CHACHA20-POLY1305",
};

export const opensslGroups: Readonly<Record<Group, string>> = {
  x25519: "X25519",
  secp256r1: "P-256",
  secp384r1: "P-384",
};

/** OpenSSL's name for the suite of a cell; TLS 1.3 has IANA's there. */
export function opensslSuite({ version, cipher, certificate }: Cell): string | undefined {
  if (cipher === "any") return undefined;
  if (version === "1.3") return `TLS_${cipher}`;
  return `ECDHE-${certificate === "rsa" ? "RSA" : "ECDSA"}-${ciphers[cipher]}`;
}

/** Groups in OpenSSL's syntax; undefined: those that it offers by itself. */
export function opensslGroupList(groups: readonly Group[]): string | undefined {
  return groups.length === 0 ? undefined : groups.map((group) => opensslGroups[group]).join(":");
}
