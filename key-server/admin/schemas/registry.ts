import { z } from "@hono/zod-openapi";
import { registryVersionSchema } from "./common.ts";

/** Transactions, oldest first. */
export const historySchema = z.strictObject({
  entries: z.array(z.strictObject({
    version: registryVersionSchema,
    at: z.string(),
    author: z.string(),
    reason: z.string(),
    /** What was put, by its kind, or removed. */
    changes: z.array(z.record(z.string(), z.unknown())),
  })),
});

export const historyQuerySchema = z.strictObject({
  /** The version after which to begin. */
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});

export const restoredSchema = z.strictObject({
  version: registryVersionSchema,
  /** The version of the registry in the backup. */
  backupVersion: registryVersionSchema,
  /** How many entities were put or removed. */
  changes: z.int(),
});

export type History = z.infer<typeof historySchema>;
export type Restored = z.infer<typeof restoredSchema>;
