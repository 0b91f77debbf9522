import { z } from "@hono/zod-openapi";
import { entityNameSchema } from "../../registry/entities/common.ts";
import { keyAlgorithmSchema, keySchema } from "../../registry/entities/key.ts";
import { operationSchema } from "../../schemas.ts";
import { holdsPin } from "../secrets.ts";

/** A key, and whether it answers. */
export const keyViewSchema = z.strictObject({
  ...keySchema.shape,
  /** Names that have it, by their ids. */
  names: z.array(z.string()),
  /** Whether this key server has it open in a token. */
  loaded: z.boolean(),
  /** Why it is not open, though it is active. */
  problem: z.string().nullable(),
  /** IANA names of what its token has shown it can do. */
  signatureSchemes: z.array(z.string()),
});

export const keyListSchema = z.strictObject({ keys: z.array(keyViewSchema) });

export type KeyView = z.infer<typeof keyViewSchema>;
export type KeyList = z.infer<typeof keyListSchema>;

const purposesSchema = z.array(operationSchema).min(1).default(["sign-tls13", "sign-tls12"]);

export const generateKeySchema = z.strictObject({
  name: entityNameSchema,
  algorithm: keyAlgorithmSchema,
  purposes: purposesSchema,
  /** The label of one of the key server's tokens; may be left out where there is one. */
  token: z.string().min(1).max(32).optional(),
});

export const importKeyReferenceSchema = z.strictObject({
  name: entityNameSchema,
  /** RFC 7512, with object or id. What is accepted is audited in full: a PIN is not. */
  uri: z.string().max(1024).refine(
    (uri) => !holdsPin(uri),
    "pin-value would put a PIN into the registry and the audit log; the configuration's [[token]] has it",
  ),
  purposes: purposesSchema,
});

export type GenerateKey = z.infer<typeof generateKeySchema>;
export type ImportKeyReference = z.infer<typeof importKeyReferenceSchema>;
