import { z } from "@hono/zod-openapi";
import { entityNameSchema } from "../../registry/entities/common.ts";
import { permissionSchema } from "../../registry/entities/permission.ts";
import { edgeIdentitySchema, operationSchema, serverNameSchema } from "../../schemas.ts";

export const permissionListSchema = z.strictObject({ permissions: z.array(permissionSchema) });

const { subject, serverNames, transcript, rate } = permissionSchema.shape;

export const allowSchema = z.strictObject({
  subject,
  name: entityNameSchema,
  operations: z.array(operationSchema).min(1).default(["sign-tls13"]),
  serverNames,
  transcript: transcript.default("hash"),
  rate,
});

export const denySchema = z.strictObject({
  subject,
  /** All names unless told. */
  name: entityNameSchema.optional(),
  /** All operations unless told. */
  operations: z.array(operationSchema).min(1).default([...operationSchema.options]),
  serverNames,
});

export const explainPolicyQuerySchema = z.strictObject({
  edge: edgeIdentitySchema,
  name: entityNameSchema,
  operation: operationSchema,
  /** "" for a client without SNI; the name's first unless told. */
  serverName: serverNameSchema.optional(),
  transcript: transcript.optional(),
});

export const explanationSchema = z.strictObject({
  allowed: z.boolean(),
  /** The answer in a few words. */
  verdict: z.string(),
  serverName: z.string(),
  steps: z.array(z.strictObject({
    about: z.enum(["edge", "name", "key", "denial", "permission", "rate"]),
    /** `notes` decides nothing; `ends` is where the answer is found. */
    outcome: z.enum(["passes", "notes", "ends"]),
    permission: z.string().optional(),
    text: z.string(),
  })),
});

export type PermissionList = z.infer<typeof permissionListSchema>;
export type Allow = z.infer<typeof allowSchema>;
export type Deny = z.infer<typeof denySchema>;
export type ExplanationView = z.infer<typeof explanationSchema>;
