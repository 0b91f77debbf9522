import { z } from "@hono/zod-openapi";
import { authoritySchema } from "../../registry/entities/authority.ts";
import { entityNameSchema } from "../../registry/entities/common.ts";

/** An authority of ours, whose key lies in a token. */
export const authorityViewSchema = z.strictObject({
  ...authoritySchema.shape,
  /** PEM. */
  chain: z.string(),
  subject: z.string(),
});

export const authorityListSchema = z.strictObject({ authorities: z.array(authorityViewSchema) });

export const createAuthoritySchema = z.strictObject({
  /** Its purpose unless told. */
  name: entityNameSchema.optional(),
  purpose: authoritySchema.shape.purpose,
  /** The label of one of the key server's tokens; may be left out where there is one. */
  token: z.string().min(1).max(32).optional(),
});

export type AuthorityView = z.infer<typeof authorityViewSchema>;
export type AuthorityList = z.infer<typeof authorityListSchema>;
export type CreateAuthority = z.infer<typeof createAuthoritySchema>;
