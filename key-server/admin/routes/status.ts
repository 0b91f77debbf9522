import { getStatus } from "../actions/status.ts";
import type { AdminApp } from "../admin_app.ts";
import { adminRoute } from "../admin_route.ts";
import { statusSchema } from "../schemas/status.ts";
import type { AdminServices } from "../services.ts";

const getStatusRoute = adminRoute({
  operationId: "getStatus",
  method: "get",
  path: "/v1/status",
  summary: "Tell everything at a glance",
  request: {},
  answer: statusSchema,
});

export function addStatusRoutes(app: AdminApp, services: AdminServices): void {
  app.openapi(getStatusRoute, (context) => context.json(getStatus(services), 200));
}
