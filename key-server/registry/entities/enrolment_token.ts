import { z } from "zod";
import { edgeIdentitySchema } from "../../schemas.ts";
import { digestSchema, entityNameSchema, instantSchema } from "./common.ts";

/** Leave to enrol once. The secret itself is nowhere but with whoever was given it. */
export const enrolmentTokenSchema = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{16}$/),
  /** SHA-256 of the secret's bytes. */
  digest: digestSchema,
  /** The identity that the certificate will have, and the groups that the edge joins. */
  edge: edgeIdentitySchema,
  groups: z.array(entityNameSchema).max(100),
  createdAt: instantSchema,
  expiresAt: instantSchema,
  usedAt: instantSchema.optional(),
});

export type EnrolmentTokenEntity = z.infer<typeof enrolmentTokenSchema>;
