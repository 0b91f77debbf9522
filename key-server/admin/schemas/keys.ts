import { z } from "@hono/zod-openapi";
import { keySchema } from "../../registry/entities/key.ts";

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
