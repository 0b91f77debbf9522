import { z } from "zod";
import { operationSchema } from "../../schemas.ts";
import { entityNameSchema, instantSchema, subjectKeyIdentifierSchema } from "./common.ts";

/** What a token can generate (`token/key_templates.ts`). */
export const keyAlgorithmSchema = z.enum([
  "ecdsa-p256",
  "ecdsa-p384",
  "ed25519",
  "rsa-2048",
  "rsa-3072",
  "rsa-4096",
]);

/** A key that was found in a token may be one that we would not generate, such as RSA with 8192 bits. */
const foundAlgorithmSchema = z.union([keyAlgorithmSchema, z.string().regex(/^rsa-[2-8]\d{3}$/)]);

/**
 * A private key in a token; the key itself never leaves it.
 *
 * `active` keys answer requests. A `retired` one answers none and is still in the token, so that it can come back; a
 * `destroyed` one is gone from the token, and its record stays so that the audit log can be read.
 */
export const keySchema = z.strictObject({
  name: entityNameSchema,
  /** RFC 7512, without module-path and without PIN: the configuration says how to reach a token. */
  uri: z.string().max(1024),
  /** The same key in further tokens, which serve beside the first and in its place. */
  copies: z.array(z.string().max(1024)).min(1).max(15).optional(),
  subjectKeyIdentifier: subjectKeyIdentifierSchema,
  algorithm: foundAlgorithmSchema,
  purposes: z.array(operationSchema).min(1),
  state: z.enum(["active", "retired", "destroyed"]),
  /** Made by us in the token, or found there: only what we made is ever destroyed by us unasked. */
  origin: z.enum(["generated", "referenced"]),
  createdAt: instantSchema,
  stateSince: instantSchema,
});

export type KeyEntity = z.infer<typeof keySchema>;
