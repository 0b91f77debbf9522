import { z } from "@hono/zod-openapi";
import { entityNameSchema } from "../../registry/entities/common.ts";
import { edgeSchema } from "../../registry/entities/edge.ts";
import { enrolmentTokenSchema } from "../../registry/entities/enrolment_token.ts";
import { edgeIdentitySchema } from "../../schemas.ts";
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

const groupsSchema = z.array(entityNameSchema).max(100);

export const setEdgeGroupsSchema = z.strictObject({ groups: groupsSchema });

/** Why, for those who come after. */
export const edgeReasonSchema = z.strictObject({ reason: z.string().max(1000).optional() });

const longestLife = 30 * 24 * 60 * 60 * 1000;

export const createEnrolmentTokenSchema = z.strictObject({
  /** The identity that the edge's certificate will have. */
  edge: edgeIdentitySchema,
  /** Groups that the edge joins. */
  groups: groupsSchema.default([]),
  /** Milliseconds until it can be used no more; an hour unless told. */
  lifetime: z.int().min(1000).max(longestLife).default(60 * 60 * 1000),
});

/** The only answer that has a secret in it; it is told this once. */
export const createdEnrolmentTokenSchema = z.strictObject({
  id: z.string(),
  token: z.string(),
  expiresAt: z.string(),
});

export const enrolmentTokenListSchema = z.strictObject({
  tokens: z.array(z.strictObject({
    ...enrolmentTokenSchema.omit({ digest: true }).shape,
    state: z.enum(["open", "used", "expired"]),
  })),
});

export type SetEdgeGroups = z.infer<typeof setEdgeGroupsSchema>;
export type CreateEnrolmentToken = z.infer<typeof createEnrolmentTokenSchema>;
export type CreatedEnrolmentToken = z.infer<typeof createdEnrolmentTokenSchema>;
export type EnrolmentTokenList = z.infer<typeof enrolmentTokenListSchema>;
