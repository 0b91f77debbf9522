import { z } from "@hono/zod-openapi";
import { entityNameSchema } from "../../registry/entities/common.ts";
import { keyAlgorithmSchema } from "../../registry/entities/key.ts";
import { rotationSchema } from "../../registry/entities/rotation.ts";

const longestDrain = 30 * 24 * 60 * 60 * 1000;

/** What is left out is decided by the name as it is and by `[rotation]`. */
export const startRotationSchema = z.strictObject({
  name: entityNameSchema,
  algorithm: keyAlgorithmSchema.optional(),
  issuer: rotationSchema.shape.issuer.optional(),
  /** The keys that leave. */
  replaces: z.array(entityNameSchema).max(16).optional(),
  /** The label of the token to make the new key in. */
  token: z.string().min(1).max(32).optional(),
  /** Milliseconds that the old keys answer on after the switch. */
  drainTime: z.int().min(0).max(longestDrain).optional(),
  /** Whether the old keys are destroyed in the token at the end. */
  destroys: z.boolean().optional(),
});

/** A rotation, and whom it waits for. */
export const rotationViewSchema = z.strictObject({
  ...rotationSchema.shape,
  ended: z.boolean(),
  /** Connected edges that it waits for at this step. */
  behind: z.array(z.strictObject({
    edge: z.string(),
    acknowledgedVersion: z.int(),
    /** Why the edge cannot use what it was sent. */
    problem: z.string().nullable(),
  })),
  /** Changes with everything that is told here: ask again with `unless` to wait for the next. */
  revision: z.string(),
});

export const rotationListSchema = z.strictObject({ rotations: z.array(rotationViewSchema) });

export type StartRotation = z.input<typeof startRotationSchema>;
export type RotationView = z.infer<typeof rotationViewSchema>;
export type RotationList = z.infer<typeof rotationListSchema>;
