/** What a primary and those that follow it say to each other, in the control protocol's frames. */
import { z } from "zod";
import { digestSchema } from "../entities/common.ts";

/** Agreed on by ALPN, on the primary's `[listen]`. */
export const replicationAlpn = "holdfast-registry/1";

/** Characters of a transaction in one message; a long one comes in several. */
export const partLength = 1 << 20;

/** The longest transaction that is taken over, in characters. */
export const maximumEntryLength = 256 << 20;

/** Milliseconds between a primary's pings; a follower gives up after three. */
export const pingInterval = 5000;

const versionSchema = z.int().min(0);
const lineageSchema = z.string().min(1).max(100);

/** The follower's only word: up to where it has the history, and that history's digest; none at version 0. */
export const followSchema = z.strictObject({
  type: z.literal("follow"),
  version: versionSchema,
  digest: digestSchema.optional(),
});

export const sourceMessageSchema = z.discriminatedUnion("type", [
  /** The histories are one: entries follow. */
  z.strictObject({ type: z.literal("accepted"), lineage: lineageSchema, genesis: lineageSchema }),
  /** A piece of the JSON of the next SealedEntry. */
  z.strictObject({ type: z.literal("entry"), part: z.string().max(partLength), last: z.boolean() }),
  z.strictObject({ type: z.literal("ping"), version: versionSchema }),
  /** The last word; a person has to do something. */
  z.strictObject({ type: z.literal("refused"), reason: z.string().max(1000) }),
  z.strictObject({ type: z.literal("revoked"), reason: z.string().max(1000) }),
]);

export type FollowMessage = z.infer<typeof followSchema>;
export type SourceMessage = z.infer<typeof sourceMessageSchema>;

export const sealedEntrySchema = z.strictObject({
  version: z.int().min(1),
  at: z.iso.datetime(),
  author: z.string().min(1).max(2048),
  reason: z.string().max(1000),
  changes: z.string(),
  digest: digestSchema,
});
