import { z } from "zod";
import { edgeIdentitySchema, operationSchema, serverNameSchema } from "../../schemas.ts";
import { entityNameSchema } from "./common.ts";

/** A token bucket: so many operations a second, and so many at once after a quiet time. */
export const rateSchema = z.strictObject({
  perSecond: z.number().positive().max(1e6),
  burst: z.int().min(1).max(1e7),
});

/** Who may do what with the keys of a name. What no permission allows is refused; one that denies wins over all. */
export const permissionSchema = z.strictObject({
  id: entityNameSchema,
  effect: z.enum(["allow", "deny"]),
  subject: z.union([
    z.strictObject({ edge: edgeIdentitySchema }),
    z.strictObject({ group: entityNameSchema }),
  ]),
  /** Of a name entity; undefined, in a denial: all names. */
  name: entityNameSchema.optional(),
  operations: z.array(operationSchema).min(1),
  /** Fewer than the name has; only with `strict`, as a hash does not tell for which name it is signed. */
  serverNames: z.array(serverNameSchema).min(1).optional(),
  transcript: z.enum(["hash", "strict"]),
  /** For each edge by itself, all operations of this permission together. Undefined: no limit. */
  rate: rateSchema.optional(),
});

export type PermissionEntity = z.infer<typeof permissionSchema>;
