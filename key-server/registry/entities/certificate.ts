import { z } from "zod";
import { derSchema, digestSchema, instantSchema, subjectKeyIdentifierSchema } from "./common.ts";

/** A certificate with its chain: public, and never changed once it is in. `id` is the SHA-256 of the leaf's DER. */
export const certificateSchema = z.strictObject({
  id: digestSchema,
  subjectKeyIdentifier: subjectKeyIdentifierSchema,
  /** Leaf first, root left out. */
  chain: z.array(derSchema).min(1).max(16),
  /** The leaf's DNS names, in lower case. */
  serverNames: z.array(z.string()).max(1000),
  notBefore: instantSchema,
  notAfter: instantSchema,
  source: z.enum(["imported", "development", "acme", "external"]),
});

export type CertificateEntity = z.infer<typeof certificateSchema>;
