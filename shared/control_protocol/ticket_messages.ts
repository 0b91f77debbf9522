/**
 * What edges that share ticket keys say to each other, and to the hub that carries it. The hub reads who, to whom and
 * which domains; bodies are sealed from edge to edge, and it keeps none.
 */
import { z } from "zod";
import { derSchema, givenNameSchema, instanceSchema } from "./schemas.ts";

/** The most ticket domains that one edge serves. */
export const maximumDomains = 1000;

/** The longest body of a message from edge to edge, in bytes. */
export const maximumBodyBytes = 64 << 10;

const bytes = (length: number) => z.base64().length(4 * Math.ceil(length / 3));

const instantMilliseconds = z.int().min(0);

/**
 * An edge's key for messages to it, signed with its own identity: `ticket_keys/hub/announcement.ts` has the content. Who
 * relays it can neither make one nor change one.
 */
export const announcementSchema = z.strictObject({
  /** X25519, 32 bytes. */
  publicKey: bytes(32),
  /** When it was made, in milliseconds since the epoch, by the edge's clock: of two the later one counts. */
  madeAt: instantMilliseconds,
  /** IANA's number. */
  signatureScheme: z.int().min(0).max(0xffff),
  signature: z.base64().max(2048),
  /** The edge's certificate, leaf first. */
  chain: z.array(derSchema).min(1).max(8),
});

export type Announcement = z.infer<typeof announcementSchema>;

/** From an edge: it shares ticket keys of the domains that it serves; its key is this one from now on. */
export const ticketJoinSchema = z.strictObject({
  type: z.literal("ticket-join"),
  announcement: announcementSchema,
});

const bodySchema = z.base64().max(4 * Math.ceil(maximumBodyBytes / 3));

/** From an edge: for another one that shares a domain with it. */
export const ticketSendSchema = z.strictObject({
  type: z.literal("ticket-send"),
  to: instanceSchema,
  body: bodySchema,
});

/** How one key of an edge's own stands. */
const ticketKeyReportSchema = z.strictObject({
  /** 16 bytes; public, it stands in front of every ticket. */
  name: bytes(16),
  state: z.enum(["waiting", "sealing", "opening"]),
  /** Milliseconds. */
  age: z.int().min(0),
  /** Live edges that have it, of how many. */
  acknowledged: z.int().min(0),
  members: z.int().min(0),
});

/** From an edge, now and then: for whoever looks after it. */
export const ticketReportSchema = z.strictObject({
  type: z.literal("ticket-report"),
  domains: z.array(z.strictObject({
    domain: givenNameSchema,
    epoch: z.int().min(0),
    /** The edge's own keys. */
    keys: z.array(ticketKeyReportSchema).max(64),
    /** Keys of other edges that it holds. */
    foreignKeys: z.int().min(0),
  })).max(maximumDomains),
  /** Of the process that speaks for the edge, since it started: its share of the edge's connections. */
  issued: z.int().min(0),
  resumed: z.int().min(0),
  refused: z.int().min(0),
});

export type TicketReport = z.infer<typeof ticketReportSchema>;

const memberSchema = z.strictObject({
  instance: instanceSchema,
  /** Its URI, which its certificate has to have. */
  edge: z.string().min(1).max(2048),
  announcement: announcementSchema,
});

export type TicketMember = z.infer<typeof memberSchema>;

/**
 * To an edge: who is live in a domain, itself left out. Comes after each change. An epoch that is higher than before ends
 * every key of an earlier one, at once.
 */
export const ticketMembersSchema = z.strictObject({
  type: z.literal("ticket-members"),
  domain: givenNameSchema,
  epoch: z.int().min(0),
  members: z.array(memberSchema).max(10_000),
});

export type TicketMembers = z.infer<typeof ticketMembersSchema>;

/** To an edge: from another one. */
export const ticketMessageSchema = z.strictObject({
  type: z.literal("ticket-message"),
  from: instanceSchema,
  body: bodySchema,
});

/** To an edge: new keys in this domain now, whatever their age; somebody asked for it. */
export const ticketRotateSchema = z.strictObject({
  type: z.literal("ticket-rotate"),
  domain: givenNameSchema,
});
