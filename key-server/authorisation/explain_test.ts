import assert from "node:assert/strict";
import fc from "fast-check";
import { KeylessError } from "../../shared/keyless_protocol/errors.ts";
import type { KeylessKeyRequest } from "../../shared/keyless_protocol/operations.ts";
import { Authorizer } from "../authorize.ts";
import type { Entities } from "../registry/entities.ts";
import {
  edgeEntity,
  keyEntity,
  nameEntity,
  openRegistry,
  permissionEntity,
  put,
} from "../registry/testing/entities.ts";
import { explain, type ExplanationRequest } from "./explain.ts";

const edge = "x:edge";
const serverNames = ["a.test", "b.test"];

function setUp(...permissions: Partial<Entities["permission"]>[]) {
  const registry = openRegistry();
  put(
    registry,
    { kind: "key", put: keyEntity("k1", { purposes: ["sign-tls13", "sign-tls12"] }) },
    { kind: "name", put: nameEntity("www", { serverNames, bindings: [{ key: "k1", phase: "active" }] }) },
    { kind: "edge", put: edgeEntity(edge, { groups: ["g"] }) },
    ...permissions.map((permission, index) => ({
      kind: "permission" as const,
      put: permissionEntity(`p${index}`, { subject: { group: "g" }, ...permission }),
    })),
  );
  const authorizer = new Authorizer(registry);
  const ask = (request: Partial<ExplanationRequest> = {}) =>
    explain(registry.state, authorizer, { edge, name: "www", operation: "sign-tls13", ...request });
  return { registry, authorizer, ask };
}

const texts = ({ steps }: ReturnType<typeof explain>) => steps.map(({ text }) => text).join("\n");

Deno.test("an explanation names the permission that allows, or everything that keeps it from it", () => {
  const { ask, registry } = setUp({ serverNames: ["a.test"], transcript: "strict" }, {
    operations: ["sign-tls12"],
  });
  const strict = ask({ transcript: "strict" });
  assert.deepEqual([strict.allowed, strict.verdict, strict.serverName], [
    true,
    "the permission p0 allows it",
    "a.test",
  ]);
  const hash = ask();
  assert.equal(hash.allowed, false);
  assert.match(
    texts(hash),
    /in the groups g\n.*\n.*k1 \(active\).*\np0: it needs the strict form.*\np1: it allows sign-tls12 only\nno perm/s,
  );
  assert.match(
    texts(ask({ transcript: "strict", serverName: "b.test" })),
    /it allows a.test only, not b.test/,
  );
  assert.match(texts(ask({ name: "absent" })), /there is no name absent/);
  assert.match(texts(ask({ operation: "rsa-key-exchange" })), /no key of www is active for rsa-key-exchange/);
  put(registry, { kind: "edge", put: edgeEntity(edge, { state: "revoked", reason: "stolen" }) });
  assert.equal(ask().verdict, "the edge is revoked: stolen");
});

Deno.test("an explanation tells of a denial and of a rate, and takes nothing from the rate", () => {
  const { ask, registry } = setUp({ rate: { perSecond: 0.001, burst: 1 } });
  for (let i = 0; i < 3; i++) assert.equal(ask().allowed, true);
  assert.match(texts(ask()), /1 of 0.001 a second, 1 at once are left/);
  put(registry, { kind: "permission", put: permissionEntity("no", { effect: "deny", subject: { edge } }) });
  assert.equal(ask().verdict, "the permission no denies it");
});

const permission = fc.record({
  effect: fc.constantFrom("allow", "deny"),
  group: fc.constantFrom("g", "other"),
  operations: fc.constantFrom<string[]>(["sign-tls13"], ["sign-tls12"], ["sign-tls13", "sign-tls12"]),
  serverNames: fc.constantFrom<(string[] | undefined)[]>(undefined, ["a.test"], serverNames, ["a.test", ""]),
  transcript: fc.constantFrom("hash", "strict"),
});

Deno.test("an explanation and the decision are never of two minds", () => {
  fc.assert(fc.property(
    fc.array(permission, { maxLength: 4 }),
    fc.constantFrom("sign-tls13", "sign-tls12"),
    fc.constantFrom("a.test", "b.test", "c.test", ""),
    fc.constantFrom("hash", "strict"),
    (permissions, operation, serverName, transcript) => {
      const fitting = permissions.map(({ group, serverNames, ...rest }) => ({
        ...rest,
        subject: { group },
        ...(serverNames && { serverNames }),
      })).filter(({ effect, transcript, operations, serverNames }) =>
        effect === "deny" ||
        (transcript === "strict"
          ? !operations.includes("sign-tls12")
          : serverNames === undefined || serverNames.includes("b.test"))
      );
      const { ask, authorizer } = setUp(...fitting as Partial<Entities["permission"]>[]);
      const request = {
        operation,
        serverName,
        transcript: { form: transcript },
      } as unknown as KeylessKeyRequest;
      let decided = true;
      try {
        authorizer.check({ name: edge, notAfter: undefined }, "k1", request);
      } catch (error) {
        assert.ok(error instanceof KeylessError);
        decided = false;
      }
      const asked = { operation, serverName, transcript } as Partial<ExplanationRequest>;
      assert.equal(ask(asked).allowed, decided);
    },
  ));
});
