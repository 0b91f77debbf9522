import { z } from "zod";
import { tcpAddressSchema } from "./address.ts";

/** `[log]`, the same in every process. */
export const logSectionSchema = z.strictObject({
  level: z.enum(["trace", "debug", "info", "warn", "error", "silent"]).default("info"),
}).prefault({});

/** `[admin]`: absent means no admin port. Loopback only unless `allow_remote` says otherwise. */
export const adminSectionSchema = z.strictObject({
  address: tcpAddressSchema,
  allow_remote: z.boolean().default(false),
});

/** A duration in milliseconds, at least 1. */
export const millisecondsSchema = z.int().min(1).max(86_400_000);

/** A bound on how many of something there may be, at least 1. */
export const countSchema = z.int().min(1).max(10_000_000);
