/** What an edge says to a key server over a control connection. */
import { z } from "zod";
import {
  derSchema,
  givenNameSchema,
  instanceSchema,
  lineageSchema,
  reasonSchema,
  tagSchema,
  versionSchema,
} from "./schemas.ts";
import { ticketJoinSchema, ticketReportSchema, ticketSendSchema } from "./ticket_messages.ts";

/** The most names that an edge can hold. */
export const maximumNames = 50_000;

const helloSchema = z.strictObject({
  type: z.literal("hello"),
  instance: instanceSchema,
  /** Of the edge's software, as people read it. */
  software: z.string().max(100),
  /** What it holds, whether all of its workers serve by it already or not; absent: nothing. */
  held: z.strictObject({
    lineage: lineageSchema,
    version: versionSchema,
    names: z.array(z.strictObject({ name: givenNameSchema, tag: tagSchema })).max(maximumNames),
  }).optional(),
});

const ackSchema = z.strictObject({
  type: z.literal("ack"),
  lineage: lineageSchema,
  /** All workers serve by it. */
  version: versionSchema,
  /** Names of which the edge cannot use all that it was sent; it serves on by what it had of them. */
  problems: z.array(z.strictObject({ name: givenNameSchema, reason: reasonSchema })).max(1000),
});

/** PKCS#10: a new certificate for this edge's own identity is wanted. */
const renewSchema = z.strictObject({ type: z.literal("renew"), request: derSchema.max(16 << 10) });

const pongSchema = z.strictObject({ type: z.literal("pong") });

export const edgeMessageSchema = z.discriminatedUnion("type", [
  helloSchema,
  ackSchema,
  renewSchema,
  pongSchema,
  ticketJoinSchema,
  ticketSendSchema,
  ticketReportSchema,
]);

export type EdgeMessage = z.infer<typeof edgeMessageSchema>;
export type HelloMessage = z.infer<typeof helloSchema>;
export type AckMessage = z.infer<typeof ackSchema>;
