import { z } from "@hono/zod-openapi";
import { changeName, createName, deleteName, getName, listNames } from "../actions/names.ts";
import type { AdminApp } from "../admin_app.ts";
import { adminRoute, jsonBody } from "../admin_route.ts";
import { changedSchema, idParameterSchema } from "../schemas/common.ts";
import { changeNameSchema, createNameSchema, nameListSchema, nameViewSchema } from "../schemas/names.ts";
import type { AdminServices } from "../services.ts";

const params = z.strictObject({ name: idParameterSchema });

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
  summary: "Show a name",
  request: { params },
  answer: nameViewSchema,
});

const createNameRoute = adminRoute({
  operationId: "createName",
  method: "post",
  path: "/v1/names",
  summary: "Create a name",
  request: { body: jsonBody(createNameSchema) },
  answer: nameViewSchema,
});

const changeNameRoute = adminRoute({
  operationId: "changeName",
  method: "patch",
  path: "/v1/names/{name}",
  summary: "Change a name's host names and keys",
  request: { params, body: jsonBody(changeNameSchema) },
  answer: nameViewSchema,
});

const deleteNameRoute = adminRoute({
  operationId: "deleteName",
  method: "delete",
  path: "/v1/names/{name}",
  summary: "Delete a name, and the permissions for it",
  request: { params },
  answer: changedSchema,
});

export function addNameRoutes(app: AdminApp, services: AdminServices): void {
  app.openapi(listNamesRoute, (context) => context.json({ names: listNames(services) }, 200));
  app.openapi(
    getNameRoute,
    (context) => context.json(getName(services, context.req.valid("param").name), 200),
  );
  app.openapi(createNameRoute, (context) => {
    const { name: author } = context.env.administrator;
    return context.json(createName(services, context.req.valid("json"), author), 200);
  });
  app.openapi(changeNameRoute, (context) => {
    const { name: author } = context.env.administrator;
    const { name } = context.req.valid("param");
    return context.json(changeName(services, name, context.req.valid("json"), author), 200);
  });
  app.openapi(deleteNameRoute, (context) => {
    const { name: author } = context.env.administrator;
    return context.json(deleteName(services, context.req.valid("param").name, author), 200);
  });
}
