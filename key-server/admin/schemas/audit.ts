import { z } from "@hono/zod-openapi";

/** Conditions on records; what is left out is none. */
export const auditFilterSchema = z.strictObject({
  since: z.iso.datetime().optional(),
  until: z.iso.datetime().optional(),
  kind: z.string().max(100).optional(),
  edge: z.string().max(2048).optional(),
  key: z.string().max(253).optional(),
  author: z.string().max(2048).optional(),
});

export const auditTailQuerySchema = z.strictObject({
  ...auditFilterSchema.shape,
  limit: z.coerce.number().int().min(1).max(10_000).default(20),
});

/** A record as it is in the log; what it says depends on its kind. */
export const auditRecordSchema = z.looseObject({
  n: z.int(),
  at: z.string(),
  kind: z.string(),
});

export const auditRecordsSchema = z.strictObject({ records: z.array(auditRecordSchema) });

export const auditVerificationSchema = z.strictObject({
  /** Whether every line is as it was written. */
  whole: z.boolean(),
  /** The first place that is not. */
  damage: z.strictObject({
    file: z.string(),
    line: z.int(),
    /** Of the line's first byte, from 0, in that file. */
    offset: z.int(),
    reason: z.string(),
  }).nullable(),
  files: z.int(),
  /** The oldest record; 1, unless older files were taken away. */
  first: z.int().nullable(),
  /** The newest record and its hash: kept elsewhere, they show later whether anything is missing at the end. */
  head: z.strictObject({ n: z.int(), hash: z.string() }).nullable(),
  checkpoints: z.int(),
  /** The last record that a checkpoint is over; what is after it is chained and not signed yet. */
  signedUntil: z.int().nullable(),
  /** DER SubjectPublicKeyInfo of the checkpoints, in base64. */
  publicKey: z.string().nullable(),
});

export type AuditFilter = z.infer<typeof auditFilterSchema>;
export type AuditRecordView = z.infer<typeof auditRecordSchema>;
export type AuditRecords = z.infer<typeof auditRecordsSchema>;
export type AuditVerification = z.infer<typeof auditVerificationSchema>;
