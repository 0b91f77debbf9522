import { z } from "zod";

/** What people type: of keys, names, groups, domains. */
export const entityNameSchema = z.string().regex(/^[A-Za-z0-9*][A-Za-z0-9._*-]{0,252}$/, {
  error: "letters, digits, dots and dashes, at most 253",
});

/** An instant, as Date.prototype.toISOString writes it: such texts sort by time. */
export const instantSchema = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/, {
  error: "an instant in UTC, as 2026-11-21T12:00:00.000Z",
});

/** A SHA-256 in hexadecimal. */
export const digestSchema = z.string().regex(/^[0-9a-f]{64}$/, { error: "a SHA-256 in hexadecimal" });

/** A subject key identifier: SHA-1 of the public key (RFC 5280, Section 4.2.1.2, method 1) in hexadecimal. */
export const subjectKeyIdentifierSchema = z.string().regex(/^[0-9a-f]{40}$/, {
  error: "a subject key identifier, 40 hexadecimal digits",
});

/** DER in base64. */
export const derSchema = z.base64().min(4).max(64 << 10);
