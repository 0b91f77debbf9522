import { z } from "@hono/zod-openapi";
import { destroyKey, generateKey, getKey, importKeyReference, listKeys, retireKey } from "../actions/keys.ts";
import type { AdminApp } from "../admin_app.ts";
import { adminRoute, jsonBody } from "../admin_route.ts";
import { idParameterSchema } from "../schemas/common.ts";
import {
  generateKeySchema,
  importKeyReferenceSchema,
  keyListSchema,
  keyViewSchema,
} from "../schemas/keys.ts";
import type { AdminServices } from "../services.ts";

const params = z.strictObject({ name: idParameterSchema });
/** An RSA key of 4096 bits may take a small token a while. */
const generationDeadline = 120_000;

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
  summary: "Show a key",
  request: { params },
  answer: keyViewSchema,
});

const generateKeyRoute = adminRoute({
  operationId: "generateKey",
  method: "post",
  path: "/v1/keys",
  summary: "Generate a key in a token",
  request: { body: jsonBody(generateKeySchema) },
  answer: keyViewSchema,
  deadline: generationDeadline,
});

const importKeyReferenceRoute = adminRoute({
  operationId: "importKeyReference",
  method: "post",
  path: "/v1/key-references",
  summary: "Enter a key that is in a token already",
  request: { body: jsonBody(importKeyReferenceSchema) },
  answer: keyViewSchema,
});

const retireKeyRoute = adminRoute({
  operationId: "retireKey",
  method: "post",
  path: "/v1/keys/{name}/retire",
  summary: "Let a key answer no more; it stays in its token",
  request: { params },
  answer: keyViewSchema,
});

const destroyKeyRoute = adminRoute({
  operationId: "destroyKey",
  method: "post",
  path: "/v1/keys/{name}/destroy",
  summary: "Destroy a retired key in its token, for ever",
  request: { params },
  answer: keyViewSchema,
});

export function addKeyRoutes(app: AdminApp, services: AdminServices): void {
  app.openapi(listKeysRoute, (context) => context.json({ keys: listKeys(services) }, 200));
  app.openapi(getKeyRoute, (context) => context.json(getKey(services, context.req.valid("param").name), 200));
  app.openapi(generateKeyRoute, async (context) => {
    const { name: author } = context.env.administrator;
    return context.json(await generateKey(services, context.req.valid("json"), author), 200);
  });
  app.openapi(importKeyReferenceRoute, async (context) => {
    const { name: author } = context.env.administrator;
    return context.json(await importKeyReference(services, context.req.valid("json"), author), 200);
  });
  app.openapi(retireKeyRoute, (context) => {
    const { name: author } = context.env.administrator;
    return context.json(retireKey(services, context.req.valid("param").name, author), 200);
  });
  app.openapi(destroyKeyRoute, async (context) => {
    const { name: author } = context.env.administrator;
    return context.json(await destroyKey(services, context.req.valid("param").name, author), 200);
  });
}
