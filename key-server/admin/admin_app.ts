import { OpenAPIHono } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import type { AdminEnv } from "./admin_route.ts";
import { auditCalls } from "./audit_calls.ts";
import { AdminError } from "./errors.ts";
import { makeProblem, problemOf, problemResponse } from "./problem.ts";
import { addAuditRoutes } from "./routes/audit.ts";
import { addAuthorityRoutes } from "./routes/authorities.ts";
import { addCertificateRoutes } from "./routes/certificates.ts";
import { addEdgeRoutes } from "./routes/edges.ts";
import { addEnrolmentTokenRoutes } from "./routes/enrolment_tokens.ts";
import { addKeyRoutes } from "./routes/keys.ts";
import { addNameRoutes } from "./routes/names.ts";
import { addRegistryRoutes } from "./routes/registry.ts";
import { addRotationRoutes } from "./routes/rotations.ts";
import { addPolicyRoutes } from "./routes/policy.ts";
import { addStatusRoutes } from "./routes/status.ts";
import { addTicketRoutes } from "./routes/tickets.ts";
import type { AdminServices } from "./services.ts";

export type AdminApp = OpenAPIHono<AdminEnv>;

const description = {
  openapi: "3.1.0",
  info: {
    title: "Holdfast key server: admin API",
    version: "1",
    description:
      "Errors are problems as of RFC 9457, with stable codes. Each operation names the role it needs.",
  },
} as const;

/** The whole API, without a socket: a caller says with each request who makes it. */
export function adminApp(services: AdminServices): AdminApp {
  const app: AdminApp = new OpenAPIHono<AdminEnv>({
    defaultHook: (result) => {
      if (!result.success) {
        throw new AdminError("invalid-request", complaint(result.target, result.error.issues));
      }
    },
  });
  app.use(auditCalls(services), refuseStrangers);
  for (
    const addRoutes of [
      addStatusRoutes,
      addNameRoutes,
      addKeyRoutes,
      addCertificateRoutes,
      addRotationRoutes,
      addEdgeRoutes,
      addEnrolmentTokenRoutes,
      addPolicyRoutes,
      addTicketRoutes,
      addAuthorityRoutes,
      addAuditRoutes,
      addRegistryRoutes,
    ]
  ) addRoutes(app, services);
  app.doc31("/v1/openapi.json", description);
  app.notFound(({ req }) =>
    problemResponse(makeProblem("not-found", `Cannot answer: there is no ${req.method} ${req.path}`))
  );
  app.onError((error) => problemResponse(problemOf(withReason(error), services.log)));
  return app;
}

/** Whoever is nobody here learns nothing, not even what there is. */
const refuseStrangers: MiddlewareHandler<AdminEnv> = async ({ env: { administrator } }, next) => {
  if (administrator.role === undefined) {
    throw new AdminError(
      "not-authorised",
      `Cannot use the admin API: ${administrator.name} is no administrator here`,
    );
  }
  await next();
};

/** Names what is wrong and where; never the value. */
function complaint(
  target: string,
  issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[],
): string {
  const [first] = issues;
  const place = [target, ...first?.path ?? []].map(String).join(".");
  return `Cannot read the request: ${place}: ${first?.message ?? "not as expected"}`;
}

/** Hono's own refusals say what they refuse in their response, and nothing in their message. */
function withReason(error: unknown): unknown {
  return error instanceof HTTPException && error.message === ""
    ? new HTTPException(error.status, { message: "not as expected" })
    : error;
}
