import { createRoute, type RouteConfig, z } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Administrator } from "./administrators.ts";
import { AdminError } from "./errors.ts";
import { problemContentType, problemSchema } from "./problem.ts";
import { type OperationId, permitsRole, roleOf } from "./roles.ts";

/** What every handler finds beside its request. */
export interface AdminEnv {
  readonly Bindings: { readonly administrator: Administrator };
  /** Which operation it is; undefined: none that there is. */
  readonly Variables: { operation: OperationId | undefined };
}

type ContentTypes = Readonly<Record<string, { readonly schema: z.ZodType }>>;

/** What an answer may be, by content type. */
type ContentOf<Answer> = Answer extends z.ZodType
  ? { readonly "application/json": { readonly schema: Answer } }
  : Answer;

/** One operation of the API. */
export interface AdminRouteConfig<
  Method extends RouteConfig["method"],
  Path extends string,
  Request extends NonNullable<RouteConfig["request"]>,
  Answer extends z.ZodType | ContentTypes,
> {
  readonly operationId: OperationId;
  readonly method: Method;
  readonly path: Path;
  /** An imperative sentence. */
  readonly summary: string;
  readonly request: Request;
  /** Of JSON; or of what else it is, by its content type. */
  readonly answer: Answer;
  /** Of the body, in bytes; 256 KiB unless told. */
  readonly bodyLimit?: number;
  /** Milliseconds; 30 s unless told. */
  readonly deadline?: number;
}

/** A body that has to be there, and to be JSON. */
export function jsonBody<const Schema extends z.ZodType>(schema: Schema) {
  return { required: true, content: { "application/json": { schema } } } as const;
}

const usualBodyLimit = 256 << 10;
const usualDeadline = 30_000;

/** A route with the role that it needs, a bound on its body and its time, and its answers. */
export function adminRoute<
  const Method extends RouteConfig["method"],
  const Path extends string,
  const Request extends NonNullable<RouteConfig["request"]>,
  const Answer extends z.ZodType | ContentTypes,
>(config: AdminRouteConfig<Method, Path, Request, Answer>) {
  const { operationId, method, path, summary, request, answer } = config;
  return createRoute({
    operationId,
    method,
    path,
    summary,
    description: `Role: ${roleOf[operationId]}.`,
    request,
    middleware: [
      demandRole(operationId),
      limitBody(config.bodyLimit ?? usualBodyLimit),
      limitTime(config.deadline ?? usualDeadline),
    ],
    responses: {
      200: { description: summary, content: contentOf(answer) },
      default: { description: "A problem", content: { [problemContentType]: { schema: problemSchema } } },
    },
  });
}

function contentOf<Answer extends z.ZodType | ContentTypes>(answer: Answer): ContentOf<Answer> {
  const content = answer instanceof z.ZodType ? { "application/json": { schema: answer } } : answer;
  return content as ContentOf<Answer>;
}

/** First of all, so that nobody learns from a body's errors what he may not do. */
function demandRole(operationId: OperationId): MiddlewareHandler<AdminEnv> {
  const needed = roleOf[operationId];
  return async (context, next) => {
    context.set("operation", operationId);
    const { name, role } = context.env.administrator;
    if (role === undefined || !permitsRole(role, needed)) {
      throw new AdminError(
        "not-authorised",
        `Cannot ${operationId}: it needs the role ${needed}, and ${name} is ${role ?? "nobody"}`,
      );
    }
    await next();
  };
}

function limitBody(maxSize: number): MiddlewareHandler<AdminEnv> {
  return bodyLimit({
    maxSize,
    onError: () => {
      throw new AdminError("too-large", `Cannot read the request: its body is over ${maxSize} bytes`);
    },
  });
}

/** What has begun goes on behind the caller's back, and is seen in the registry. */
function limitTime(milliseconds: number): MiddlewareHandler<AdminEnv> {
  return async (_context, next) => {
    const { promise, reject } = Promise.withResolvers<never>();
    const late = () => reject(new AdminError("deadline-passed", "Cannot answer in time: it may yet be done"));
    const timer = setTimeout(late, milliseconds);
    try {
      await Promise.race([next(), promise]);
    } finally {
      clearTimeout(timer);
    }
  };
}
