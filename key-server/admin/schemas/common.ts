import { z } from "@hono/zod-openapi";

/** Of the registry: each change raises it by one. */
export const registryVersionSchema = z.int().min(0);

/** A thing's id in a path, as the registry has it. */
export const idParameterSchema = z.string().min(1).max(2048);

/** The answer of a change: the registry's version from which on it holds. */
export const changedSchema = z.strictObject({ version: registryVersionSchema });

export type Changed = z.infer<typeof changedSchema>;
