import { z } from "@hono/zod-openapi";
import { getEdge, listEdges } from "../actions/edges.ts";
import type { AdminApp } from "../admin_app.ts";
import { adminRoute } from "../admin_route.ts";
import { edgeListSchema, edgeViewSchema } from "../schemas/edges.ts";
import { idParameterSchema } from "../schemas/common.ts";
import type { AdminServices } from "../services.ts";

const listEdgesRoute = adminRoute({
  operationId: "listEdges",
  method: "get",
  path: "/v1/edges",
  summary: "List edges",
  request: {},
  answer: edgeListSchema,
});

const getEdgeRoute = adminRoute({
  operationId: "getEdge",
  method: "get",
  path: "/v1/edges/{identity}",
  summary: "Show one of the edges",
  request: { params: z.strictObject({ identity: idParameterSchema }) },
  answer: edgeViewSchema,
});

export function addEdgeRoutes(app: AdminApp, services: AdminServices): void {
  app.openapi(listEdgesRoute, (context) => context.json({ edges: listEdges(services) }, 200));
  app.openapi(
    getEdgeRoute,
    (context) => context.json(getEdge(services, context.req.valid("param").identity), 200),
  );
}
