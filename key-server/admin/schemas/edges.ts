import { z } from "@hono/zod-openapi";
import { edgeSchema } from "../../registry/entities/edge.ts";
import { registryVersionSchema } from "./common.ts";

/** An edge: what the registry says of it, and how far it has come. */
export const edgeViewSchema = z.strictObject({
  identity: z.string(),
  groups: z.array(z.string()),
  state: edgeSchema.shape.state,
  stateSince: z.string().nullable(),
  /** Certificates from before this instant are refused. */
  certificatesNotBefore: z.string().nullable(),
  reason: z.string().nullable(),
  /** Ids of the permissions that are about it or its groups. */
  permissions: z.array(z.string()),
  connected: z.boolean(),
  /** When it connected, or was last heard of; null: not since the key server started. */
  since: z.string().nullable(),
  /** The registry's version that all of its workers serve by. */
  acknowledgedVersion: registryVersionSchema.nullable(),
  software: z.string().nullable(),
  /** What it could not take on of what it was sent: names with the reasons. */
  problems: z.record(z.string(), z.string()),
});

export const edgeListSchema = z.strictObject({ edges: z.array(edgeViewSchema) });

export type EdgeView = z.infer<typeof edgeViewSchema>;
export type EdgeList = z.infer<typeof edgeListSchema>;
