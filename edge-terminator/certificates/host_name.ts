import { z } from "zod";

/** RFC 952 and RFC 1123 labels, underscores allowed because browsers and certificates have them. */
const label = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?";
const servedName = new RegExp(`^(?:\\*\\.)?${label}(?:\\.${label})*$`, "i");

/** A host name as it is compared: DNS is case-insensitive in ASCII only (RFC 4343). */
export function canonicalHostName(name: string): string {
  return name.replace(/[A-Z]+/g, (upper) => upper.toLowerCase());
}

/** `*.example.org` for `www.example.org`: the one wildcard that covers a name; undefined for a single label. */
export function wildcardOf(name: string): string | undefined {
  const dot = name.indexOf(".");
  return dot <= 0 || dot === name.length - 1 ? undefined : `*${name.slice(dot)}`;
}

/**
 * Whether a certificate's dNSName covers a served name, which may itself be a wildcard (RFC 9525, Section 6.3:
 * only a whole left-most label may be a wildcard, and it stands for exactly one label).
 */
export function coversName(dnsName: string, name: string): boolean {
  const presented = canonicalHostName(dnsName);
  const wanted = canonicalHostName(name);
  return presented === wanted || (presented.startsWith("*.") && presented === wildcardOf(wanted));
}

function isServedName(name: string): boolean {
  // A last label of digits would be an IPv4 address; neither kind of address ever comes as SNI (RFC 6066, Section 3).
  return name.length <= 253 && servedName.test(name) && !/(?:^|\.)\d+$/.test(name);
}

/** A name that a site serves: exact or with a one-label wildcard, in canonical form. */
export const servedNameSchema = z.string()
  .refine(
    isServedName,
    'a host name in ASCII such as "www.example.org" or "*.example.org" (no address, no final dot)',
  )
  .transform(canonicalHostName);
