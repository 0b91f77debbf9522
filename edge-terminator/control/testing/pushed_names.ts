/** For tests: names as key servers push them. */
import type { DevelopmentPki } from "../../../certs/dev_pki.ts";
import type { ServedName, TaggedName } from "../../../shared/control_protocol/served_name.ts";
import type { Update } from "../../../shared/control_protocol/server_messages.ts";
import { pemToDer } from "../../../shared/libcrypto/x509.ts";
import { siteChain, type TestKeyType } from "../../certificates/test_certificates.ts";

export const lineage = `2026-11-21T12:00:00.000Z-${"0".repeat(16)}`;
export const newerLineage = `2026-11-22T12:00:00.000Z-${"0".repeat(16)}`;

type Certificate = ServedName["certificates"][number];

/** A certificate of a key that nobody has. */
export async function pushedCertificate(
  pki: DevelopmentPki,
  names: readonly [string, ...string[]],
  { type = "ecdsa-p256", phase = "active" }: { type?: TestKeyType; phase?: Certificate["phase"] } = {},
): Promise<Certificate> {
  const chain = pemToDer(await siteChain(pki, type, names)).map((der) => der.toBase64());
  const id = new Uint8Array(await crypto.subtle.digest("SHA-256", Uint8Array.fromBase64(chain[0]!))).toHex();
  return { id, chain, phase };
}

let lastTag = 0;

/** With a tag of its own. */
export function pushedName(
  name: string,
  certificates: readonly Certificate[],
  changes: Partial<ServedName> = {},
): TaggedName {
  const content: ServedName = {
    name,
    certificates: [...certificates],
    challenges: [],
    operations: ["sign-tls13", "sign-tls12"],
    transcript: "hash",
    ...changes,
  };
  return { tag: (++lastTag).toString(16).padStart(32, "0"), content };
}

/** An update in one part. */
export function update(version: number, changes: Partial<Update> = {}): Update {
  return { lineage, version, from: version - 1, put: [], remove: [], more: false, ...changes };
}
