/** What key servers tell each other by way of the broker. It is read as anybody's: the broker may be wrong. */
import { z } from "zod";
import { givenNameSchema, instanceSchema } from "../../../shared/control_protocol/schemas.ts";
import {
  announcementSchema,
  ticketReportSchema,
  ticketSendSchema,
} from "../../../shared/control_protocol/ticket_messages.ts";
import { edgeIdentitySchema } from "../../schemas.ts";

const instant = z.iso.datetime();

/** A member that a key server has: the value at `member.INSTANCE.SERVER`. */
export const memberRecordSchema = z.strictObject({
  edge: edgeIdentitySchema,
  announcement: announcementSchema,
  connected: z.boolean(),
  since: instant,
  report: z.strictObject({ at: instant, report: ticketReportSchema }).optional(),
});

export type MemberRecord = z.infer<typeof memberRecordSchema>;

/** From one member to another, sealed from edge to edge. */
export const relayedSchema = z.strictObject({
  from: instanceSchema,
  to: instanceSchema,
  body: ticketSendSchema.shape.body,
});

export const rotateSchema = z.strictObject({ domain: givenNameSchema });

/** The value, or undefined for what is none. */
export function readRecord<S extends z.ZodType>(schema: S, bytes: Uint8Array): z.output<S> | undefined {
  try {
    return schema.parse(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch {
    return undefined;
  }
}

export function writeRecord(record: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(record));
}
