import { z } from "zod";
import { edgeIdentitySchema } from "../../schemas.ts";
import { entityNameSchema, instantSchema } from "./common.ts";

/** An edge that somebody has spoken of: enrolled, permitted, or thrown out. */
export const edgeSchema = z.strictObject({
  identity: edgeIdentitySchema,
  groups: z.array(entityNameSchema).max(100),
  /** A revoked edge is refused whatever certificate it shows. */
  state: z.enum(["admitted", "revoked"]),
  stateSince: instantSchema,
  /** After a revocation was taken back: certificates from before this instant stay refused. */
  certificatesNotBefore: instantSchema.optional(),
  reason: z.string().max(1000).optional(),
});

export type EdgeEntity = z.infer<typeof edgeSchema>;
