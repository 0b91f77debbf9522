import { z } from "@hono/zod-openapi";
import { readmitEdge, revokeEdge, setEdgeGroups } from "../actions/edge_changes.ts";
import { getEdge, listEdges } from "../actions/edges.ts";
import type { AdminApp } from "../admin_app.ts";
import { adminRoute, jsonBody } from "../admin_route.ts";
import { idParameterSchema } from "../schemas/common.ts";
import { edgeListSchema, edgeReasonSchema, edgeViewSchema, setEdgeGroupsSchema } from "../schemas/edges.ts";
import type { AdminServices } from "../services.ts";

const params = z.strictObject({ identity: idParameterSchema });

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
  summary: "Show an edge",
  request: { params },
  answer: edgeViewSchema,
});

const setEdgeGroupsRoute = adminRoute({
  operationId: "setEdgeGroups",
  method: "put",
  path: "/v1/edges/{identity}/groups",
  summary: "Set the groups that an edge is in",
  request: { params, body: jsonBody(setEdgeGroupsSchema) },
  answer: edgeViewSchema,
});

const revokeEdgeRoute = adminRoute({
  operationId: "revokeEdge",
  method: "post",
  path: "/v1/edges/{identity}/revoke",
  summary: "Cut an edge off: its connections, its requests, its certificate",
  request: { params, body: jsonBody(edgeReasonSchema) },
  answer: edgeViewSchema,
});

const readmitEdgeRoute = adminRoute({
  operationId: "readmitEdge",
  method: "post",
  path: "/v1/edges/{identity}/readmit",
  summary: "Take a revocation back; certificates from before stay refused",
  request: { params, body: jsonBody(edgeReasonSchema) },
  answer: edgeViewSchema,
});

export function addEdgeRoutes(app: AdminApp, services: AdminServices): void {
  app.openapi(listEdgesRoute, (context) => context.json({ edges: listEdges(services) }, 200));
  app.openapi(
    getEdgeRoute,
    (context) => context.json(getEdge(services, context.req.valid("param").identity), 200),
  );
  app.openapi(setEdgeGroupsRoute, (context) => {
    const { name: author } = context.env.administrator;
    const { identity } = context.req.valid("param");
    const { groups } = context.req.valid("json");
    return context.json(setEdgeGroups(services, identity, groups, author), 200);
  });
  app.openapi(revokeEdgeRoute, (context) => {
    const { name: author } = context.env.administrator;
    const { identity } = context.req.valid("param");
    return context.json(revokeEdge(services, identity, context.req.valid("json").reason, author), 200);
  });
  app.openapi(readmitEdgeRoute, (context) => {
    const { name: author } = context.env.administrator;
    const { identity } = context.req.valid("param");
    return context.json(readmitEdge(services, identity, context.req.valid("json").reason, author), 200);
  });
}
