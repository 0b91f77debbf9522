import { z } from "@hono/zod-openapi";
import { certificateSummarySchema } from "./certificates.ts";
import { registryVersionSchema } from "./common.ts";

/** Everything at a glance. */
export const statusSchema = z.strictObject({
  /** Whether nothing is in `problems`. */
  healthy: z.boolean(),
  /** In words, for people. */
  problems: z.array(z.string()),
  startedAt: z.string(),
  registry: z.strictObject({ version: registryVersionSchema, writable: z.boolean() }),
  keys: z.strictObject({
    active: z.int(),
    retired: z.int(),
    destroyed: z.int(),
    /** Active, and answering for nothing. */
    notLoaded: z.array(z.string()),
  }),
  tokens: z.array(z.strictObject({
    label: z.string(),
    /** How many keys of it are open. */
    keys: z.int(),
    /** What was wrong when one of them was tried last. */
    problem: z.string().nullable(),
  })),
  names: z.int(),
  edges: z.strictObject({
    admitted: z.int(),
    revoked: z.int(),
    connected: z.int(),
    /** The lowest version that a connected edge serves by; null: none is connected. */
    lowestVersion: registryVersionSchema.nullable(),
    /** Connected ones that do not serve by the registry's version yet. */
    behind: z.array(z.strictObject({ identity: z.string(), acknowledgedVersion: registryVersionSchema })),
  }),
  rotations: z.array(z.strictObject({
    id: z.string(),
    name: z.string(),
    step: z.string(),
    problem: z.string().nullable(),
  })),
  /** Served ones that end within 30 days, or are over. */
  expiring: z.array(certificateSummarySchema),
});

export type Status = z.infer<typeof statusSchema>;
