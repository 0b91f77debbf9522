import { z } from "@hono/zod-openapi";
import { certificateSchema } from "../../registry/entities/certificate.ts";
import { entityNameSchema } from "../../registry/entities/common.ts";
import { serverNameSchema } from "../../schemas.ts";
import { holdsPrivateKey } from "../secrets.ts";

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

/** PEM, leaf first. What is accepted is audited in full: a private key beside the chain is not. */
const chainSchema = z.string().max(200_000)
  .refine(
    (text) => /-----BEGIN (X509 |TRUSTED )?CERTIFICATE-----/.test(text),
    "expected certificates in PEM, leaf first",
  )
  .refine((text) => !holdsPrivateKey(text), "there is a private key in it; leave it out");

export const installCertificateSchema = z.strictObject({ chain: chainSchema });

export const requestCertificateSchema = z.union([
  /** Of the name's rotation that waits for an external CA. */
  z.strictObject({ name: entityNameSchema }),
  z.strictObject({
    key: entityNameSchema,
    /** Those of the names that have the key, unless told. */
    serverNames: z.array(serverNameSchema).min(1).max(1000).optional(),
  }),
]);

/** PKCS#10 in PEM. */
export const certificateRequestSchema = z.strictObject({ request: z.string() });

/** Without a chain: what the name serves is checked. */
export const checkCertificatesSchema = z.strictObject({
  name: entityNameSchema,
  chain: chainSchema.optional(),
});

export const certificateCheckSchema = z.strictObject({
  passed: z.boolean(),
  checks: z.array(z.strictObject({
    /** Its id; null where it cannot be told. */
    certificate: z.string().nullable(),
    passed: z.boolean(),
    /** What was found, for people. */
    text: z.string(),
  })),
});

export type InstallCertificate = z.infer<typeof installCertificateSchema>;
export type RequestCertificate = z.infer<typeof requestCertificateSchema>;
export type CertificateRequestAnswer = z.infer<typeof certificateRequestSchema>;
export type CheckCertificates = z.infer<typeof checkCertificatesSchema>;
export type CertificateCheck = z.infer<typeof certificateCheckSchema>;
