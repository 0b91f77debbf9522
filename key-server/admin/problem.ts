/** Errors as callers see them: RFC 9457, with the stable code of the HoldfastError. */
import { z } from "@hono/zod-openapi";
import { HTTPException } from "hono/http-exception";
import type { Logger } from "../../shared/log.ts";
import { HoldfastError } from "../../shared/errors.ts";

export const problemSchema = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  /** Reads "Cannot X: Y". */
  detail: z.string(),
  /** Stable: programs may rely on it. */
  code: z.string(),
});

export type Problem = z.infer<typeof problemSchema>;

export const problemContentType = "application/problem+json";

/** By code; what is not here is a request that was understood and cannot be done: 422. */
const statusOf: Readonly<Record<string, number>> = {
  "invalid-request": 400,
  "not-authorised": 403,
  "token-refused": 403,
  "edge-revoked": 403,
  "not-found": 404,
  "conflict": 409,
  "registry-conflict": 409,
  "rotation": 409,
  "too-large": 413,
  // RFC 9110, Section 15.5.20: another key server takes it.
  "registry-read-only": 421,
  "internal": 500,
  "token": 502,
  "not-available": 503,
  "deadline-passed": 504,
};

const titleOf: Readonly<Record<number, string>> = {
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  409: "Conflict",
  413: "Content Too Large",
  421: "Misdirected Request",
  422: "Unprocessable Content",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

/** What a caller is told of an error: our own errors' words, and of others that they happened; those are logged. */
export function problemOf(error: unknown, log: Logger): Problem {
  if (error instanceof HoldfastError) return makeProblem(error.code, error.message);
  if (error instanceof HTTPException && error.status < 500) {
    return makeProblem("invalid-request", `Cannot read the request: ${error.message}`);
  }
  log.error({ event: "admin-call-failed", err: error }, "an admin call failed unexpectedly");
  return makeProblem("internal", "Cannot answer: an unexpected failure; the key server's log has more");
}

export function makeProblem(code: string, detail: string): Problem {
  const status = statusOf[code] ?? 422;
  return { type: `urn:holdfast:problem:${code}`, title: titleOf[status] ?? "Error", status, detail, code };
}

export function problemResponse(problem: Problem): Response {
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { "content-type": problemContentType },
  });
}
