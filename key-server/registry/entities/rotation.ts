import { z } from "zod";
import { digestSchema, entityNameSchema, instantSchema } from "./common.ts";
import { keyAlgorithmSchema } from "./key.ts";

/** Where a rotation stands: named for what it does next, so that a restart goes on there. */
export const rotationStepSchema = z.enum([
  "generate-key",
  "request-certificate",
  "await-certificate",
  "stage",
  "await-staged",
  "switch",
  "await-switched",
  "drain",
  "retire-key",
  "destroy-key",
  "done",
  "aborted",
  "rolled-back",
]);

/** One change of a name's key and certificate. Kept after its end, as history. */
export const rotationSchema = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{16}$/),
  name: entityNameSchema,
  algorithm: keyAlgorithmSchema,
  issuer: z.enum(["acme", "csr", "development"]),
  step: rotationStepSchema,
  newKey: entityNameSchema.optional(),
  newCertificate: digestSchema.optional(),
  /** Keys that it replaces. */
  oldKeys: z.array(entityNameSchema).max(16),
  /** The registry's version that edges have to acknowledge before the next step. */
  awaitedVersion: z.int().min(0).optional(),
  drainUntil: instantSchema.optional(),
  /** Milliseconds that the old key answers after the switch was acknowledged. */
  drainTime: z.int().min(0),
  /** Whether the old key is destroyed in the token in the end, or kept there retired. */
  destroys: z.boolean(),
  startedAt: instantSchema,
  startedBy: z.string().max(2048),
  stepSince: instantSchema,
  /** What went wrong last; it is tried again. */
  problem: z.string().max(2000).optional(),
});

export type RotationStep = z.infer<typeof rotationStepSchema>;
export type RotationEntity = z.infer<typeof rotationSchema>;
