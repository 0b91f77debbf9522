import { z } from "zod";
import { entityNameSchema } from "./common.ts";

/** Names that share ticket keys: a session of one domain never resumes in another. */
export const ticketDomainSchema = z.strictObject({
  name: entityNameSchema,
  /** Raised when an edge is thrown out: every key of a lower epoch ends. */
  epoch: z.int().min(0),
});

export type TicketDomainEntity = z.infer<typeof ticketDomainSchema>;
