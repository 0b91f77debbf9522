import { z } from "@hono/zod-openapi";
import {
  createEnrolmentToken,
  deleteEnrolmentToken,
  listEnrolmentTokens,
} from "../actions/enrolment_tokens.ts";
import type { AdminApp } from "../admin_app.ts";
import { adminRoute, jsonBody } from "../admin_route.ts";
import { changedSchema, idParameterSchema } from "../schemas/common.ts";
import {
  createdEnrolmentTokenSchema,
  createEnrolmentTokenSchema,
  enrolmentTokenListSchema,
} from "../schemas/edges.ts";
import type { AdminServices } from "../services.ts";

const createRoute = adminRoute({
  operationId: "createEnrolmentToken",
  method: "post",
  path: "/v1/enrolment-tokens",
  summary: "Let an edge enrol, once; the token is told in this answer alone",
  request: { body: jsonBody(createEnrolmentTokenSchema) },
  answer: createdEnrolmentTokenSchema,
});

const listRoute = adminRoute({
  operationId: "listEnrolmentTokens",
  method: "get",
  path: "/v1/enrolment-tokens",
  summary: "List enrolment tokens, without their secrets",
  request: {},
  answer: enrolmentTokenListSchema,
});

const deleteRoute = adminRoute({
  operationId: "deleteEnrolmentToken",
  method: "delete",
  path: "/v1/enrolment-tokens/{id}",
  summary: "Take an enrolment token back",
  request: { params: z.strictObject({ id: idParameterSchema }) },
  answer: changedSchema,
});

export function addEnrolmentTokenRoutes(app: AdminApp, services: AdminServices): void {
  app.openapi(createRoute, (context) => {
    const { name: author } = context.env.administrator;
    return context.json(createEnrolmentToken(services, context.req.valid("json"), author), 200);
  });
  app.openapi(listRoute, (context) => context.json({ tokens: listEnrolmentTokens(services) }, 200));
  app.openapi(deleteRoute, (context) => {
    const { name: author } = context.env.administrator;
    return context.json(deleteEnrolmentToken(services, context.req.valid("param").id, author), 200);
  });
}
