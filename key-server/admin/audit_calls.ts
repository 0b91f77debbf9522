import type { MiddlewareHandler } from "hono";
import type { AdminEnv } from "./admin_route.ts";
import { AdminError } from "./errors.ts";
import { problemContentType } from "./problem.ts";
import type { AdminServices } from "./services.ts";

/** Writes every call down once it was answered: who, what, and how it ended. */
export function auditCalls({ audit }: AdminServices): MiddlewareHandler<AdminEnv> {
  return async (context, next) => {
    if (audit.failure !== undefined && !reads(context.req.method)) {
      throw new AdminError(
        "not-available",
        `Cannot change anything: the audit log cannot be kept: ${audit.failure}`,
      );
    }
    await next();
    const { name, role } = context.env.administrator;
    const { req, res } = context;
    audit.record({
      kind: "admin-call",
      author: name,
      role,
      operation: context.get("operation"),
      path: req.path,
      query: acceptedQuery(req),
      request: acceptedBody(req),
      status: res.status,
      code: await codeOf(res),
    });
    audit.flush();
  };
}

function reads(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

/** The body, where it was read and found good. */
function acceptedBody(request: { valid(target: never): unknown }): unknown {
  return request.valid("json" as never);
}

/** What the address asks, where it was found good. */
function acceptedQuery(request: { valid(target: never): unknown }): Record<string, unknown> | undefined {
  const query = request.valid("query" as never) as Record<string, unknown> | undefined;
  return query !== undefined && Object.keys(query).length > 0 ? query : undefined;
}

async function codeOf(response: Response): Promise<string | undefined> {
  if (response.headers.get("content-type") !== problemContentType) return undefined;
  return (await response.clone().json()).code;
}
