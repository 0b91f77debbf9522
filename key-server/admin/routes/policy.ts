import { z } from "@hono/zod-openapi";
import { permissionSchema } from "../../registry/entities/permission.ts";
import { allow, deletePermission, deny, listPermissions } from "../actions/permissions.ts";
import type { AdminApp } from "../admin_app.ts";
import { adminRoute, jsonBody } from "../admin_route.ts";
import { changedSchema, idParameterSchema } from "../schemas/common.ts";
import {
  allowSchema,
  denySchema,
  explainPolicyQuerySchema,
  explanationSchema,
  permissionListSchema,
} from "../schemas/policy.ts";
import type { AdminServices } from "../services.ts";

const listPermissionsRoute = adminRoute({
  operationId: "listPermissions",
  method: "get",
  path: "/v1/permissions",
  summary: "List permissions",
  request: {},
  answer: permissionListSchema,
});

const allowRoute = adminRoute({
  operationId: "allow",
  method: "post",
  path: "/v1/permissions/allow",
  summary: "Allow an edge or a group something with a name's keys",
  request: { body: jsonBody(allowSchema) },
  answer: permissionSchema,
});

const denyRoute = adminRoute({
  operationId: "deny",
  method: "post",
  path: "/v1/permissions/deny",
  summary: "Deny an edge or a group something, whatever allows it",
  request: { body: jsonBody(denySchema) },
  answer: permissionSchema,
});

const deletePermissionRoute = adminRoute({
  operationId: "deletePermission",
  method: "delete",
  path: "/v1/permissions/{id}",
  summary: "Delete a permission or a denial",
  request: { params: z.strictObject({ id: idParameterSchema }) },
  answer: changedSchema,
});

const explainPolicyRoute = adminRoute({
  operationId: "explainPolicy",
  method: "get",
  path: "/v1/policy/explanation",
  summary: "Say why an edge may do something with a name's keys, or why not",
  request: { query: explainPolicyQuerySchema },
  answer: explanationSchema,
});

export function addPolicyRoutes(app: AdminApp, services: AdminServices): void {
  app.openapi(
    listPermissionsRoute,
    (context) => context.json({ permissions: [...listPermissions(services)] }, 200),
  );
  app.openapi(allowRoute, (context) => {
    const { name: author } = context.env.administrator;
    return context.json(allow(services, context.req.valid("json"), author), 200);
  });
  app.openapi(denyRoute, (context) => {
    const { name: author } = context.env.administrator;
    return context.json(deny(services, context.req.valid("json"), author), 200);
  });
  app.openapi(deletePermissionRoute, (context) => {
    const { name: author } = context.env.administrator;
    return context.json(deletePermission(services, context.req.valid("param").id, author), 200);
  });
  app.openapi(explainPolicyRoute, (context) => {
    const { steps, ...explanation } = services.explain(context.req.valid("query"));
    return context.json({ ...explanation, steps: [...steps] }, 200);
  });
}
