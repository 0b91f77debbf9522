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

/** How a rotation ends, unless something else is asked of it on its way. */
export const rotationEndingSchema = z.enum(["done", "aborted", "rolled-back"]);

/**
 * One change of a name's keys and certificates. Kept after its end, as history.
 *
 * A rotation that is rolled back goes through the steps from `stage` on a second time, with the roles changed: what it had
 * replaced comes back, and what it had brought leaves.
 */
export const rotationSchema = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{16}$/),
  name: entityNameSchema,
  algorithm: keyAlgorithmSchema,
  issuer: z.enum(["acme", "csr", "development"]),
  step: rotationStepSchema,
  ending: rotationEndingSchema,
  /** The label of the token that the new key is made in; undefined: that of the replaced one, or the only one. */
  token: z.string().max(32).optional(),
  newKey: entityNameSchema.optional(),
  newCertificate: digestSchema.optional(),
  /** Keys and certificates that it replaces; none for a name's first. */
  replaces: z.array(z.strictObject({ key: entityNameSchema, certificate: digestSchema })).max(16),
  /** Of an ACME CA, which is asked for it again after a restart. */
  orderUrl: z.string().max(2048).optional(),
  /** The registry's version that edges have to acknowledge before the next step. */
  awaitedVersion: z.int().min(0).optional(),
  drainUntil: instantSchema.optional(),
  /** Milliseconds that the leaving keys answer after the switch was acknowledged. */
  drainTime: z.int().min(0),
  /** Which of the leaving keys are destroyed in the token; the others are kept there, retired. */
  destroys: z.enum(["generated", "all", "none"]),
  startedAt: instantSchema,
  startedBy: z.string().max(2048),
  stepSince: instantSchema,
  /** What went wrong last; it is tried again. */
  problem: z.string().max(2000).optional(),
});

export type RotationStep = z.infer<typeof rotationStepSchema>;
export type RotationEntity = z.infer<typeof rotationSchema>;
