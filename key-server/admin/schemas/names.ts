import { z } from "@hono/zod-openapi";
import { entityNameSchema } from "../../registry/entities/common.ts";
import { keySchema } from "../../registry/entities/key.ts";
import { bindingSchema, nameSchema } from "../../registry/entities/name.ts";
import { serverNameSchema } from "../../schemas.ts";

/** A key of a name, and the certificate that is served with it. */
export const bindingViewSchema = z.strictObject({
  ...bindingSchema.shape,
  /** Null: edges have the certificate from a file of their own. */
  certificate: z.string().nullable(),
  algorithm: keySchema.shape.algorithm,
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

const keysSchema = z.array(entityNameSchema).max(16);

/** Null: any host name. */
const serverNamesSchema = z.array(serverNameSchema).min(1).max(1000).nullable();

export const createNameSchema = z.strictObject({
  name: entityNameSchema,
  /** The name itself unless told, where it is a host name. */
  serverNames: serverNamesSchema.optional(),
  /** Keys that are there already. */
  keys: keysSchema.default([]),
});

/** What is left out stays as it is. */
export const changeNameSchema = z.strictObject({
  serverNames: serverNamesSchema.optional(),
  addKeys: keysSchema.default([]),
  removeKeys: keysSchema.default([]),
});

export type NameView = z.infer<typeof nameViewSchema>;
export type NameList = z.infer<typeof nameListSchema>;
export type CreateName = z.infer<typeof createNameSchema>;
export type ChangeName = z.infer<typeof changeNameSchema>;
