import { z } from "@hono/zod-openapi";
import { keyAlgorithmSchema, keySchema } from "../../registry/entities/key.ts";
import { bindingSchema, nameSchema } from "../../registry/entities/name.ts";

/** A key of a name, and the certificate that is served with it. */
export const bindingViewSchema = z.strictObject({
  ...bindingSchema.shape,
  /** Null: edges have the certificate from a file of their own. */
  certificate: z.string().nullable(),
  algorithm: keyAlgorithmSchema,
  keyState: keySchema.shape.state,
  notAfter: z.string().nullable(),
});

/** A name with what is served under it. */
export const nameViewSchema = z.strictObject({
  name: nameSchema.shape.name,
  /** Null: any. */
  serverNames: z.array(z.string()).nullable(),
  ticketDomain: z.string().nullable(),
  bindings: z.array(bindingViewSchema),
  /** The rotation that is under way, by its id. */
  rotation: z.string().nullable(),
});

export const nameListSchema = z.strictObject({ names: z.array(nameViewSchema) });

export type NameView = z.infer<typeof nameViewSchema>;
export type NameList = z.infer<typeof nameListSchema>;
