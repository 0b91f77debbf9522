import type { LockedPool } from "../memory/locked_pool.ts";
import type { Secret } from "../memory/secret.ts";
import type { AeadName } from "./aead.ts";
import { hkdfExpand } from "./hkdf.ts";
import { hmac } from "./hmac.ts";

/** The AEADs of HPKE that Holdfast uses (RFC 9180, Section 7.3). */
export type HpkeAead = Extract<AeadName, "aes-128-gcm" | "chacha20-poly1305">;

/** One ciphersuite: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, and an AEAD. */
export interface HpkeSuite {
  readonly aead: HpkeAead;
  /** suite_id of the key schedule (RFC 9180, Section 5.1). */
  readonly id: Uint8Array;
}

const text = (ascii: string) => new TextEncoder().encode(ascii);
const kemX25519 = [0x00, 0x20] as const;
const kdfSha256 = [0x00, 0x01] as const;

const suite = (aead: HpkeAead, aeadId: number): HpkeSuite => ({
  aead,
  id: Uint8Array.of(...text("HPKE"), ...kemX25519, ...kdfSha256, 0x00, aeadId),
});
const suites: Readonly<Record<HpkeAead, HpkeSuite>> = {
  "aes-128-gcm": suite("aes-128-gcm", 1),
  "chacha20-poly1305": suite("chacha20-poly1305", 3),
};

/** The one suite with this AEAD. */
export function hpkeSuite(aead: HpkeAead): HpkeSuite {
  return suites[aead];
}

/** suite_id of the KEM (RFC 9180, Section 4.1). */
export const kemSuiteId: Uint8Array = Uint8Array.of(...text("KEM"), ...kemX25519);

const version = text("HPKE-v1");
const noSalt = new Uint8Array(0);

/** LabeledExtract(salt, label, ikm) with HKDF-SHA256 (RFC 9180, Section 4). */
export function labeledExtract(
  pool: LockedPool,
  suiteId: Uint8Array,
  salt: Secret | undefined,
  label: string,
  ikm: Secret | Uint8Array,
): Secret {
  return hmac(pool, "sha256", salt ?? noSalt, version, suiteId, text(label), ikm);
}

/** LabeledExpand(prk, label, info, L) with HKDF-SHA256 (RFC 9180, Section 4). */
export function labeledExpand(
  pool: LockedPool,
  suiteId: Uint8Array,
  prk: Secret,
  label: string,
  info: Uint8Array,
  length: number,
): Secret {
  const labeledInfo = Uint8Array.of(length >> 8, length, ...version, ...suiteId, ...text(label), ...info);
  return hkdfExpand(pool, "sha256", prk, labeledInfo, length);
}
