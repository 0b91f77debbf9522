import { z } from "@hono/zod-openapi";
import { exportAudit, tailAudit, verifyAudit } from "../actions/audit.ts";
import type { AdminApp } from "../admin_app.ts";
import { adminRoute } from "../admin_route.ts";
import {
  auditFilterSchema,
  auditRecordsSchema,
  auditTailQuerySchema,
  auditVerificationSchema,
} from "../schemas/audit.ts";
import type { AdminServices } from "../services.ts";

const linesContentType = "application/x-ndjson";
/** Milliseconds; a log of some gigabytes takes that long. */
const verificationDeadline = 600_000;

const tailAuditRoute = adminRoute({
  operationId: "tailAudit",
  method: "get",
  path: "/v1/audit/records",
  summary: "List the newest records of the audit log, oldest first",
  request: { query: auditTailQuerySchema },
  answer: auditRecordsSchema,
});

const exportAuditRoute = adminRoute({
  operationId: "exportAudit",
  method: "get",
  path: "/v1/audit/export",
  summary: "Give all records of the audit log, a line of JSON for each",
  request: { query: auditFilterSchema },
  answer: { [linesContentType]: { schema: z.string() } },
});

const verifyAuditRoute = adminRoute({
  operationId: "verifyAudit",
  method: "get",
  path: "/v1/audit/verification",
  summary: "Read the whole audit log, and say whether it is as it was written",
  request: {},
  answer: auditVerificationSchema,
  deadline: verificationDeadline,
});

export function addAuditRoutes(app: AdminApp, services: AdminServices): void {
  app.openapi(tailAuditRoute, async (context) => {
    const { limit, ...filter } = context.req.valid("query");
    return context.json({ records: await tailAudit(services, limit, filter) }, 200);
  });
  app.openapi(exportAuditRoute, (context) => {
    const lines = exportAudit(services, context.req.valid("query"));
    // zod-openapi takes every type with "json" in its name for one JSON document.
    return new Response(lines, { headers: { "content-type": linesContentType } }) as never;
  });
  app.openapi(verifyAuditRoute, async (context) => context.json(await verifyAudit(services), 200));
}
