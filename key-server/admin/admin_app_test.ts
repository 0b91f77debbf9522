import assert from "node:assert/strict";
import type { z } from "@hono/zod-openapi";
import { chainText } from "./actions/certificate_work.ts";
import { createLogger } from "../../shared/log.ts";
import { IssuanceError } from "../issuance/errors.ts";
import { RotationError } from "../rotation/rotations.ts";
import { problemContentType, problemOf, problemSchema } from "./problem.ts";
import { type OperationId, permitsRole, roleOf, roles } from "./roles.ts";
import { AdminSetup, site } from "./testing/admin_setup.ts";
import { exampleCalls } from "./testing/example_calls.ts";

const operations = Object.keys(roleOf) as OperationId[];

interface RouteDefinition {
  readonly operationId: OperationId;
  readonly method: string;
  readonly path: string;
  readonly responses: { readonly 200: { readonly content: Record<string, { readonly schema: z.ZodType }> } };
}

function routesOf(setup: AdminSetup): RouteDefinition[] {
  return setup.app.openAPIRegistry.definitions.flatMap((definition) =>
    definition.type === "route" ? [definition.route as unknown as RouteDefinition] : []
  );
}

Deno.test("every operation has a route, a role and a place in the OpenAPI document, and the other way round", async () => {
  const setup = await AdminSetup.create();
  const { body: document } = await setup.call("viewer", "GET", "/v1/openapi.json");
  const documented = Object.values<Record<string, { operationId: string }>>(document.paths)
    .flatMap((path) => Object.values(path).map(({ operationId }) => operationId));
  assert.deepEqual(documented.toSorted(), operations.toSorted());
  const served = setup.app.routes.filter(({ path, method }) => path.startsWith("/v1/") && method !== "ALL");
  for (const { method, path } of served) {
    if (path === "/v1/openapi.json") continue;
    const inDocument = document.paths[path.replaceAll(/:(\w+)/g, "{$1}")]?.[method.toLowerCase()];
    assert(inDocument !== undefined, `${method} ${path} is not in the document`);
  }
  for (
    const [path, item] of Object.entries<Record<string, { responses: Record<string, unknown> }>>(
      document.paths,
    )
  ) {
    for (const { responses } of Object.values(item)) {
      assert("200" in responses && "default" in responses, `${path} tells its answers`);
    }
  }
});

for (const operationId of operations) {
  Deno.test(`${operationId} takes ${roleOf[operationId]}s and those above them, and nobody else`, async () => {
    const { method, path, body } = exampleCalls[operationId];
    for (const role of [undefined, ...roles]) {
      const setup = await AdminSetup.create();
      const [place, sent] = [path(setup), body?.(setup)];
      const { version } = setup.registry.state;
      const answer = await setup.call(role, method, place, sent);
      if (role !== undefined && permitsRole(role, roleOf[operationId])) {
        assert.equal(answer.status, 200, JSON.stringify(answer.body));
        continue;
      }
      assert.equal(answer.status, 403);
      assert.equal(answer.body.code, "not-authorised");
      assert.equal(setup.registry.state.version, version, "nothing has changed");
    }
  });

  Deno.test(`${operationId} answers as its schema says, and is audited`, async () => {
    const setup = await AdminSetup.create();
    const { method, path, body } = exampleCalls[operationId];
    const sent = body?.(setup);
    const place = path(setup);
    const answer = await setup.call("admin", method, place, sent);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    const route = routesOf(setup).find((each) => each.operationId === operationId)!;
    const { schema } = route.responses[200].content[answer.type!.split(";")[0]!]!;
    if (!(answer.body instanceof Uint8Array)) schema.parse(answer.body);
    const calls = setup.events.filter(({ kind }) => kind === "admin-call");
    const [call] = calls;
    assert(calls.length === 1 && call?.kind === "admin-call");
    assert.equal(call.operation, operationId);
    assert.equal(call.author, "cn:admin");
    assert.equal(call.path, new URL(place, "http://holdfast").pathname);
    assert.equal(call.status, 200);
    const asked = [...new URL(place, "http://holdfast").searchParams.keys()];
    assert(asked.every((parameter) => parameter in (call.query ?? {})), "what was asked is written down");
    assert.equal(call.request === undefined, sent === undefined || sent instanceof Uint8Array);
  });
}

Deno.test("what is refused, unknown or malformed is a problem with a stable code, and audited too", async () => {
  const setup = await AdminSetup.create();
  const cases = [
    [undefined, "GET", "/v1/status", 403, "not-authorised"],
    ["admin", "GET", "/v1/nothing", 404, "not-found"],
    ["admin", "PATCH", "/v1/status", 404, "not-found"],
    ["admin", "GET", "/v1/keys/none", 404, "not-found"],
    ["admin", "GET", `/v1/keys/${"k".repeat(3000)}`, 400, "invalid-request"],
  ] as const;
  for (const [index, [role, method, path, status, code]] of cases.entries()) {
    const { body, type, ...answer } = await setup.call(role, method, path);
    assert.equal(answer.status, status, path);
    assert.equal(type, problemContentType);
    assert.equal(problemSchema.parse(body).code, code);
    assert.match(body.detail, /^Cannot /);
    const event = setup.events[index];
    assert(event?.kind === "admin-call" && event.code === code && event.status === status);
  }
});

Deno.test("what the state of things forbids is a conflict, whichever part says so", () => {
  for (const error of [new RotationError("done"), new IssuanceError("x", "y", { code: "conflict" })]) {
    assert.equal(problemOf(error, createLogger("test", "silent")).status, 409);
  }
});

Deno.test("a private key or a PIN that is sent by mistake is refused and written down nowhere", async () => {
  const setup = await AdminSetup.create();
  const [certificate] = setup.registry.state.list("certificate");
  const label = "PRIVATE KEY";
  const pem = `${chainText(certificate!)}-----BEGIN ${label}-----\nc2VjcmV0\n-----END ${label}-----\n`;
  const cases = [
    ["POST", `/v1/names/${site}/certificates`, { chain: pem }],
    ["POST", "/v1/certificate-checks", { name: site, chain: pem.replace(label, `EC ${label}`) }],
    ["POST", "/v1/key-references", { name: "new", uri: "pkcs11:object=new?pin-value=c2VjcmV0" }],
  ] as const;
  for (const [method, path, body] of cases) {
    const answer = await setup.call("admin", method, path, body);
    assert.equal(answer.status, 400, path);
    assert.match(answer.body.detail, /private key in it|pin-value would/);
  }
  assert.equal(setup.events.length, cases.length);
  assert.doesNotMatch(JSON.stringify(setup.events), /c2VjcmV0/);
});
