import { z } from "@hono/zod-openapi";
import { getName, listNames } from "../actions/names.ts";
import type { AdminApp } from "../admin_app.ts";
import { adminRoute } from "../admin_route.ts";
import { nameListSchema, nameViewSchema } from "../schemas/names.ts";
import { idParameterSchema } from "../schemas/common.ts";
import type { AdminServices } from "../services.ts";

const listNamesRoute = adminRoute({
  operationId: "listNames",
  method: "get",
  path: "/v1/names",
  summary: "List names",
  request: {},
  answer: nameListSchema,
});

const getNameRoute = adminRoute({
  operationId: "getName",
  method: "get",
  path: "/v1/names/{name}",
  summary: "Show one of the names",
  request: { params: z.strictObject({ name: idParameterSchema }) },
  answer: nameViewSchema,
});

export function addNameRoutes(app: AdminApp, services: AdminServices): void {
  app.openapi(listNamesRoute, (context) => context.json({ names: listNames(services) }, 200));
  app.openapi(
    getNameRoute,
    (context) => context.json(getName(services, context.req.valid("param").name), 200),
  );
}
