import { z } from "zod";
import { derSchema, entityNameSchema, instantSchema } from "./common.ts";

/** A certification authority of ours whose key lies in a token: the edge CA, or the development CA of certificates. */
export const authoritySchema = z.strictObject({
  name: entityNameSchema,
  purpose: z.enum(["edges", "development"]),
  /** RFC 7512, as a key's. */
  keyUri: z.string().max(1024),
  /** Self-signed, or signed by an authority above it; then the chain up to the root follows. */
  chain: z.array(derSchema).min(1).max(8),
  notAfter: instantSchema,
});

export type AuthorityEntity = z.infer<typeof authoritySchema>;
