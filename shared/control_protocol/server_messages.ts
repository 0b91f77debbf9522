/** What a key server says to an edge over a control connection. */
import { z } from "zod";
import { derSchema, givenNameSchema, lineageSchema, reasonSchema, versionSchema } from "./schemas.ts";
import { taggedNameSchema } from "./served_name.ts";
import { maximumNames } from "./edge_messages.ts";
import { ticketMembersSchema, ticketMessageSchema, ticketRotateSchema } from "./ticket_messages.ts";

/** One part of an update. */
export const updateSchema = z.strictObject({
  lineage: lineageSchema,
  /** What the edge holds once it has the update's last part. */
  version: versionSchema,
  /** What it has to hold before: this version or a later one. 0: whatever it holds is dropped. */
  from: versionSchema,
  put: z.array(taggedNameSchema).max(maximumNames),
  remove: z.array(givenNameSchema).max(maximumNames),
  /** Whether further parts follow; they repeat lineage, version and from. */
  more: z.boolean(),
});

const updateMessageSchema = updateSchema.extend({ type: z.literal("update") });

/** The answer to `renew`: the edge's new certificate, leaf first. */
const identitySchema = z.strictObject({
  type: z.literal("identity"),
  chain: z.array(derSchema).min(1).max(8),
});

/** The other answer to `renew`. */
const renewalRefusedSchema = z.strictObject({ type: z.literal("renewal-refused"), reason: reasonSchema });

/** The edge is thrown out. The connection ends. */
const revokedSchema = z.strictObject({ type: z.literal("revoked"), reason: reasonSchema });

/** The edge did not keep to the protocol. The connection ends. */
const refusedSchema = z.strictObject({ type: z.literal("refused"), reason: reasonSchema });

/** To be answered by `pong`. */
const pingSchema = z.strictObject({ type: z.literal("ping") });

export const serverMessageSchema = z.discriminatedUnion("type", [
  updateMessageSchema,
  identitySchema,
  renewalRefusedSchema,
  revokedSchema,
  refusedSchema,
  pingSchema,
  ticketMembersSchema,
  ticketMessageSchema,
  ticketRotateSchema,
]);

export type ServerMessage = z.infer<typeof serverMessageSchema>;
export type Update = z.infer<typeof updateSchema>;
export type UpdateMessage = z.infer<typeof updateMessageSchema>;

/** Milliseconds between two pings of a key server. An edge gives up a connection that was silent for three. */
export const pingInterval = 10_000;
