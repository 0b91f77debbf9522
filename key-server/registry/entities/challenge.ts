import { z } from "zod";
import { derSchema, entityNameSchema, instantSchema } from "./common.ts";

/** An answer to an ACME tls-alpn-01 challenge (RFC 8737), which edges serve to clients that offer `acme-tls/1` alone. */
export const challengeSchema = z.strictObject({
  serverName: z.string().min(1).max(253),
  /** The key that the self-signed certificate is for: in the token, as every other. */
  key: entityNameSchema,
  certificate: derSchema,
  expiresAt: instantSchema,
});

export type ChallengeEntity = z.infer<typeof challengeSchema>;
