import { z } from "@hono/zod-openapi";
import { certificateSchema } from "../../registry/entities/certificate.ts";

/** A certificate without its chain. */
export const certificateSummarySchema = z.strictObject({
  ...certificateSchema.omit({ chain: true }).shape,
  subject: z.string(),
  issuer: z.string(),
  serialNumber: z.string(),
  /** The key that it is for; null: none that is in the registry. */
  key: z.string().nullable(),
  /** Where edges have it. */
  uses: z.array(z.strictObject({ name: z.string(), phase: z.enum(["staged", "active", "draining"]) })),
  /** Whole days that it is still valid; negative: it is over. */
  daysLeft: z.int(),
});

export const certificateViewSchema = z.strictObject({
  ...certificateSummarySchema.shape,
  /** PEM, leaf first. */
  chain: z.string(),
});

export const certificateListSchema = z.strictObject({ certificates: z.array(certificateSummarySchema) });

export type CertificateSummary = z.infer<typeof certificateSummarySchema>;
export type CertificateView = z.infer<typeof certificateViewSchema>;
export type CertificateList = z.infer<typeof certificateListSchema>;
