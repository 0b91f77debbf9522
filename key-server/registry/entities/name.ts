import { z } from "zod";
import { serverNameSchema } from "../../schemas.ts";
import { digestSchema, entityNameSchema } from "./common.ts";

/**
 * One key of a name, and the certificate that edges serve with it.
 *
 * `staged`: edges have it and serve it to nobody yet. `active`: they serve it. `draining`: they serve it no longer, and
 * the key still answers for handshakes that had begun with it.
 */
export const bindingSchema = z.strictObject({
  key: entityNameSchema,
  /** Undefined: edges have the certificate from a file of their own. */
  certificate: digestSchema.optional(),
  phase: z.enum(["staged", "active", "draining"]),
});

export type Binding = z.infer<typeof bindingSchema>;

/** What is served under one set of host names: the thing that permissions are given for and that is rotated. */
export const nameSchema = z.strictObject({
  /** As people say it: usually the first host name. */
  name: entityNameSchema,
  /** The host names that belong to it; undefined: any (a key whose certificate is not known here). */
  serverNames: z.array(serverNameSchema).min(1).max(1000).optional(),
  /** By preference. */
  bindings: z.array(bindingSchema).max(16),
  ticketDomain: entityNameSchema.optional(),
});

export type NameEntity = z.infer<typeof nameSchema>;
