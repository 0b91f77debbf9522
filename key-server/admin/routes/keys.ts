import { z } from "@hono/zod-openapi";
import { getKey, listKeys } from "../actions/keys.ts";
import type { AdminApp } from "../admin_app.ts";
import { adminRoute } from "../admin_route.ts";
import { keyListSchema, keyViewSchema } from "../schemas/keys.ts";
import { idParameterSchema } from "../schemas/common.ts";
import type { AdminServices } from "../services.ts";

const listKeysRoute = adminRoute({
  operationId: "listKeys",
  method: "get",
  path: "/v1/keys",
  summary: "List keys",
  request: {},
  answer: keyListSchema,
});

const getKeyRoute = adminRoute({
  operationId: "getKey",
  method: "get",
  path: "/v1/keys/{name}",
  summary: "Show one of the keys",
  request: { params: z.strictObject({ name: idParameterSchema }) },
  answer: keyViewSchema,
});

export function addKeyRoutes(app: AdminApp, services: AdminServices): void {
  app.openapi(listKeysRoute, (context) => context.json({ keys: listKeys(services) }, 200));
  app.openapi(getKeyRoute, (context) => context.json(getKey(services, context.req.valid("param").name), 200));
}
