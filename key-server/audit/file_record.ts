import { z } from "zod";

/** The first record of each file: which hash it follows, so that a log whose oldest files are gone can still be read. */
export const fileRecordSchema = z.looseObject({
  kind: z.literal("file"),
  /** The hash of the record before, in hexadecimal. */
  follows: z.string().regex(/^[0-9a-f]{64}$/),
});
