import { z } from "@hono/zod-openapi";
import {
  abortRotation,
  getRotation,
  listRotations,
  nextRotation,
  rollBackRotation,
  startRotation,
} from "../actions/rotations.ts";
import type { AdminApp } from "../admin_app.ts";
import { adminRoute, jsonBody } from "../admin_route.ts";
import { idParameterSchema } from "../schemas/common.ts";
import { rotationListSchema, rotationViewSchema, startRotationSchema } from "../schemas/rotations.ts";
import type { AdminServices } from "../services.ts";

/** Milliseconds that a call waits for news. */
const patience = 20_000;

const params = z.strictObject({ id: idParameterSchema });

const listRotationsRoute = adminRoute({
  operationId: "listRotations",
  method: "get",
  path: "/v1/rotations",
  summary: "List rotations, those under way first",
  request: {},
  answer: rotationListSchema,
});

const getRotationRoute = adminRoute({
  operationId: "getRotation",
  method: "get",
  path: "/v1/rotations/{id}",
  summary: "Show a rotation; with `unless`, as soon as its revision is another, or after 20 s",
  request: { params, query: z.strictObject({ unless: z.string().max(64).optional() }) },
  answer: rotationViewSchema,
  deadline: patience + 10_000,
});

const startRotationRoute = adminRoute({
  operationId: "startRotation",
  method: "post",
  path: "/v1/rotations",
  summary: "Begin to rotate a name's key and certificate",
  request: { body: jsonBody(startRotationSchema) },
  answer: rotationViewSchema,
});

const abortRotationRoute = adminRoute({
  operationId: "abortRotation",
  method: "post",
  path: "/v1/rotations/{id}/abort",
  summary: "Before the switch: take the new key and certificate away again",
  request: { params },
  answer: rotationViewSchema,
});

const rollBackRotationRoute = adminRoute({
  operationId: "rollBackRotation",
  method: "post",
  path: "/v1/rotations/{id}/rollback",
  summary: "After the switch: serve the old certificate again",
  request: { params },
  answer: rotationViewSchema,
});

export function addRotationRoutes(app: AdminApp, services: AdminServices): void {
  app.openapi(listRotationsRoute, (context) => context.json({ rotations: listRotations(services) }, 200));
  app.openapi(getRotationRoute, async (context) => {
    const { id } = context.req.valid("param");
    const { unless } = context.req.valid("query");
    const rotation = unless === undefined
      ? getRotation(services, id)
      : await nextRotation(services, id, unless, patience);
    return context.json(rotation, 200);
  });
  app.openapi(startRotationRoute, (context) => {
    const { name: author } = context.env.administrator;
    return context.json(startRotation(services, context.req.valid("json"), author), 200);
  });
  app.openapi(abortRotationRoute, (context) => {
    const { name: author } = context.env.administrator;
    return context.json(abortRotation(services, context.req.valid("param").id, author), 200);
  });
  app.openapi(rollBackRotationRoute, (context) => {
    const { name: author } = context.env.administrator;
    return context.json(rollBackRotation(services, context.req.valid("param").id, author), 200);
  });
}
