import { z } from "@hono/zod-openapi";
import { createAuthority, getAuthority, listAuthorities } from "../actions/authorities.ts";
import type { AdminApp } from "../admin_app.ts";
import { adminRoute, jsonBody } from "../admin_route.ts";
import { authorityListSchema, authorityViewSchema, createAuthoritySchema } from "../schemas/authorities.ts";
import { idParameterSchema } from "../schemas/common.ts";
import type { AdminServices } from "../services.ts";

const listAuthoritiesRoute = adminRoute({
  operationId: "listAuthorities",
  method: "get",
  path: "/v1/authorities",
  summary: "List the key server's own certification authorities",
  request: {},
  answer: authorityListSchema,
});

const getAuthorityRoute = adminRoute({
  operationId: "getAuthority",
  method: "get",
  path: "/v1/authorities/{name}",
  summary: "Show an authority with its chain",
  request: { params: z.strictObject({ name: idParameterSchema }) },
  answer: authorityViewSchema,
});

const createAuthorityRoute = adminRoute({
  operationId: "createAuthority",
  method: "post",
  path: "/v1/authorities",
  summary: "Create an authority whose key is made in a token",
  request: { body: jsonBody(createAuthoritySchema) },
  answer: authorityViewSchema,
});

export function addAuthorityRoutes(app: AdminApp, services: AdminServices): void {
  app.openapi(
    listAuthoritiesRoute,
    (context) => context.json({ authorities: listAuthorities(services) }, 200),
  );
  app.openapi(
    getAuthorityRoute,
    (context) => context.json(getAuthority(services, context.req.valid("param").name), 200),
  );
  app.openapi(createAuthorityRoute, async (context) => {
    const { name: author } = context.env.administrator;
    return context.json(await createAuthority(services, context.req.valid("json"), author), 200);
  });
}
