import { z } from "@hono/zod-openapi";
import { backUp, listHistory, restore } from "../actions/backup.ts";
import type { AdminApp } from "../admin_app.ts";
import { adminRoute } from "../admin_route.ts";
import { historyQuerySchema, historySchema, restoredSchema } from "../schemas/registry.ts";
import type { AdminServices } from "../services.ts";
import { snapshotContentType } from "../snapshot_content_type.ts";

const snapshotType = { [snapshotContentType]: { schema: z.string().openapi({ format: "binary" }) } } as const;
const largestBackup = 512 << 20;
const deadline = 120_000;

const listHistoryRoute = adminRoute({
  operationId: "listHistory",
  method: "get",
  path: "/v1/history",
  summary: "List the registry's transactions after a version, oldest first",
  request: { query: historyQuerySchema },
  answer: historySchema,
});

const backUpRoute = adminRoute({
  operationId: "backUp",
  method: "get",
  path: "/v1/backup",
  summary: "Give a whole copy of the registry, a file of SQLite",
  request: {},
  answer: snapshotType,
  deadline,
});

const restoreRoute = adminRoute({
  operationId: "restore",
  method: "post",
  path: "/v1/restore",
  summary: "Bring the registry back to what it was in a backup",
  request: { body: { required: true, content: snapshotType } },
  answer: restoredSchema,
  bodyLimit: largestBackup,
  deadline,
});

export function addRegistryRoutes(app: AdminApp, services: AdminServices): void {
  app.openapi(listHistoryRoute, (context) => {
    const { after, limit } = context.req.valid("query");
    return context.json({ entries: listHistory(services, after, limit) }, 200);
  });
  app.openapi(
    backUpRoute,
    (context) => context.body(backUp(services), 200, { "content-type": snapshotContentType }),
  );
  app.openapi(restoreRoute, async (context) => {
    const { name: author } = context.env.administrator;
    const backup = new Uint8Array(await context.req.arrayBuffer());
    return context.json(restore(services, backup, author), 200);
  });
}
