import { z } from "zod";
import { derSchema, givenNameSchema, hostNameSchema, tagSchema } from "./schemas.ts";

/** A certificate, and whether it is shown to clients yet. */
const certificateSchema = z.strictObject({
  /** SHA-256 of the leaf's DER. */
  id: z.string().regex(/^[0-9a-f]{64}$/),
  /** Leaf first. */
  chain: z.array(derSchema).min(1).max(16),
  phase: z.enum(["staged", "active"]),
});

/** A self-signed certificate that answers an ACME tls-alpn-01 challenge (RFC 8737). */
const challengeSchema = z.strictObject({ serverName: hostNameSchema, certificate: derSchema });

/** What an edge serves under some host names, and may ask key servers for. */
export const servedNameSchema = z.strictObject({
  name: givenNameSchema,
  /** Absent: whatever the certificates are for. */
  serverNames: z.array(hostNameSchema).min(1).max(1000).optional(),
  /** By preference. */
  certificates: z.array(certificateSchema).max(16),
  challenges: z.array(challengeSchema).max(1000),
  /** What this edge may ask for. */
  operations: z.array(z.enum(["sign-tls13", "sign-tls12", "rsa-key-exchange"])).max(3),
  /** `strict`: the key server signs whole handshakes only. */
  transcript: z.enum(["hash", "strict"]),
  ticketDomain: givenNameSchema.optional(),
});

/** A name with what tells it from its other states. */
export const taggedNameSchema = z.strictObject({ tag: tagSchema, content: servedNameSchema });

export type ServedName = z.infer<typeof servedNameSchema>;
export type TaggedName = z.infer<typeof taggedNameSchema>;
