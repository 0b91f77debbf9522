import { hashLength, type HashName } from "../../shared/libcrypto/digest.ts";
import { KeyingMaterialError } from "./errors.ts";
import type { ExporterMasterSecret } from "./key_schedule/exporter_master_secret.ts";
import type { Randoms, Tls12MasterSecret } from "./tls12/master_secret.ts";

/** What keying material is exported from: a secret of the pool that the connection's keeper keeps. */
export type KeyingMaterialSource =
  | { readonly version: "TLS 1.3"; readonly hash: HashName; readonly secret: ExporterMasterSecret }
  | { readonly version: "TLS 1.2"; readonly secret: Tls12MasterSecret; readonly randoms: Randoms };

const longestLabel = 255 - "tls13 ".length;
const longestContext = 2 ** 16 - 1;
const longestTls12 = 2 ** 16;

/** RFC 5705, Section 4: labels that TLS 1.2 itself gives its PRF would export its own secrets. */
const reservedLabels: ReadonlySet<string> = new Set([
  "client finished",
  "server finished",
  "master secret",
  "extended master secret",
  "key expansion",
]);

/**
 * Keying material of a connection for its application (RFC 5705; RFC 8446, Section 7.5).
 *
 * @param label printable ASCII, 1 to 249 characters; TLS 1.2 takes an empty one too
 * @param context at most 65535 bytes; in TLS 1.2 an absent one is not an empty one
 * @param length bytes: at most 255 times the hash in TLS 1.3, 65536 in TLS 1.2
 * @throws {KeyingMaterialError} for what no exporter takes
 */
export function exportFrom(
  source: KeyingMaterialSource,
  label: string,
  context: Uint8Array | undefined,
  length: number,
): Uint8Array {
  const longest = source.version === "TLS 1.3" ? 255 * hashLength[source.hash] : longestTls12;
  // RFC 8446, Section 7.1: HkdfLabel has no room for an empty one. RFC 5705 has no such bound.
  const shortestLabel = source.version === "TLS 1.3" ? 1 : 0;
  if (!/^[\x20-\x7e]*$/.test(label) || label.length < shortestLabel || label.length > longestLabel) {
    throw new KeyingMaterialError(`the label is not ${shortestLabel} to ${longestLabel} characters of ASCII`);
  }
  if (reservedLabels.has(label)) throw new KeyingMaterialError(`the label "${label}" is TLS's own`);
  if (context !== undefined && context.length > longestContext) {
    throw new KeyingMaterialError(`the context is longer than ${longestContext} bytes`);
  }
  if (!Number.isInteger(length) || length < 1 || length > longest) {
    throw new KeyingMaterialError(`the length is not 1 to ${longest} bytes`);
  }
  return source.version === "TLS 1.3"
    ? source.secret.exportKeyingMaterial(label, context, length)
    : source.secret.exportKeyingMaterial(label, source.randoms, context, length);
}
