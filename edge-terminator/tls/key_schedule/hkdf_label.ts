import { hashLength, type HashName } from "../../../shared/libcrypto/digest.ts";
import { hkdfExpand } from "../../../shared/libcrypto/hkdf.ts";
import type { LockedPool } from "../../../shared/memory/locked_pool.ts";
import type { Secret } from "../../../shared/memory/secret.ts";

const empty = new Uint8Array(0);
const utf8 = new TextEncoder();
const labels = new Map<string, Uint8Array>();

/**
 * HKDF-Expand-Label(Secret, Label, Context, Length); the result is `length` bytes of the pool.
 *
 * RFC 8446, Section 7.1
 */
export function hkdfExpandLabel(
  pool: LockedPool,
  hash: HashName,
  secret: Secret,
  label: string,
  context: Uint8Array = empty,
  length: number = hashLength[hash],
): Secret {
  return hkdfExpand(pool, hash, secret, hkdfLabel(label, context, length), length);
}

/** The HkdfLabel structure: length u16, "tls13 " + label as an opaque<7..255>, context as an opaque<0..255>. */
export function hkdfLabel(label: string, context: Uint8Array, length: number): Uint8Array {
  const name = encodedLabel(label);
  const info = new Uint8Array(2 + 1 + name.length + 1 + context.length);
  info[0] = length >> 8;
  info[1] = length & 0xff;
  info[2] = name.length;
  info.set(name, 3);
  info[3 + name.length] = context.length;
  info.set(context, 4 + name.length);
  return info;
}

function encodedLabel(label: string): Uint8Array {
  const known = labels.get(label);
  if (known !== undefined) return known;
  const encoded = utf8.encode(`tls13 ${label}`);
  if (labels.size < 64) labels.set(label, encoded); // exporter labels come from the application: do not grow for ever
  return encoded;
}
