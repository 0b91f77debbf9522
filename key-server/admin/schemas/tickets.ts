import { z } from "@hono/zod-openapi";
import { entityNameSchema } from "../../registry/entities/common.ts";
import { edgeIdentitySchema } from "../../schemas.ts";
import { registryVersionSchema } from "./common.ts";

/** Names that share ticket keys. */
export const ticketDomainViewSchema = z.strictObject({
  name: z.string(),
  /** Rises when somebody is thrown out; keys of a lower one have ended. */
  epoch: z.int(),
  names: z.array(z.string()),
  /** Live edges. */
  edges: z.int(),
});

export const ticketDomainListSchema = z.strictObject({ domains: z.array(ticketDomainViewSchema) });

/** A key of an edge's own, by its public name; the key itself never leaves the edges. */
const ticketKeyViewSchema = z.strictObject({
  domain: z.string(),
  epoch: z.int(),
  /** 32 hexadecimal digits. */
  name: z.string(),
  /** It waits to be acknowledged, seals tickets, or only opens them. */
  state: z.enum(["waiting", "sealing", "opening"]),
  /** Milliseconds. */
  age: z.int(),
  /** Live edges that have it, of how many. */
  acknowledged: z.int(),
  members: z.int(),
});

/** A live edge that shares ticket keys, with what it last reported. */
export const ticketEdgeViewSchema = z.strictObject({
  edge: z.string(),
  instance: z.string(),
  connected: z.boolean(),
  /** When it connected, or was lost. */
  since: z.string(),
  domains: z.array(z.string()),
  /** Null: it has reported nothing yet. */
  reportedAt: z.string().nullable(),
  keys: z.array(ticketKeyViewSchema),
  /** Keys of other edges that it holds. */
  foreignKeys: z.int(),
  /** Tickets, since its workers started. */
  issued: z.int(),
  resumed: z.int(),
  refused: z.int(),
  /** Resumed ones among those that clients came back with; null: none did. */
  resumptionRate: z.number().nullable(),
});

export const ticketStatusSchema = z.strictObject({
  domains: z.array(ticketDomainViewSchema),
  edges: z.array(ticketEdgeViewSchema),
  /** Why edges of other key servers are not known; null: they are, or this key server is by itself. */
  problem: z.string().nullable(),
});

export const createTicketDomainSchema = z.strictObject({ name: entityNameSchema });

/** Null: it shares ticket keys by the domain "default", where that is there. */
export const assignTicketDomainSchema = z.strictObject({ domain: entityNameSchema.nullable() });

/** Left out: every domain. */
export const rotateTicketKeysSchema = z.strictObject({ domain: entityNameSchema.optional() });

export const rotatedTicketKeysSchema = z.strictObject({
  /** With the number of connected edges that are told. */
  domains: z.array(z.strictObject({ name: z.string(), edges: z.int() })),
});

export const revokeTicketEdgeSchema = z.strictObject({
  edge: edgeIdentitySchema,
  /** Left out: every domain that it is or was in. */
  domain: entityNameSchema.optional(),
  /** Revoke the edge itself too, as it would otherwise take part in the new epoch. */
  revoke: z.boolean().default(false),
  reason: z.string().max(1000).optional(),
});

/** What was ended, as far as edges have reported. */
export const revokedTicketEdgeSchema = z.strictObject({
  edge: z.string(),
  version: registryVersionSchema,
  domains: z.array(z.strictObject({
    name: z.string(),
    /** The new one. */
    epoch: z.int(),
    /** Ticket keys that no edge opens with any more. */
    keysEnded: z.int(),
    /** Live edges that begin anew. */
    edges: z.int(),
    /** Of them, those that have not reported: their keys are not counted. */
    edgesWithoutReport: z.int(),
  })),
  /** At most so many tickets resume no more: all that these edges have issued since their workers started. */
  ticketsIssued: z.int(),
});

export type TicketDomainView = z.infer<typeof ticketDomainViewSchema>;
export type TicketDomainList = z.infer<typeof ticketDomainListSchema>;
export type TicketEdgeView = z.infer<typeof ticketEdgeViewSchema>;
export type TicketStatus = z.infer<typeof ticketStatusSchema>;
export type RotatedTicketKeys = z.infer<typeof rotatedTicketKeysSchema>;
export type RevokeTicketEdge = z.infer<typeof revokeTicketEdgeSchema>;
export type RevokedTicketEdge = z.infer<typeof revokedTicketEdgeSchema>;
