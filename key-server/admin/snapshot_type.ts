import { z } from "@hono/zod-openapi";

/** A file of SQLite (IANA: application/vnd.sqlite3). */
export const snapshotContentType = "application/vnd.sqlite3";

export const snapshotType = {
  [snapshotContentType]: { schema: z.string().openapi({ format: "binary" }) },
} as const;
