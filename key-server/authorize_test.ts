import assert from "node:assert/strict";
import { Authority } from "../certs/authority.ts";
import type {
  KeylessKeyRequest,
  SignTls12Request,
  SignTls13Request,
} from "../shared/keyless_protocol/operations.ts";
import { KeylessError } from "../shared/keyless_protocol/errors.ts";
import { pemToDer } from "../shared/libcrypto/x509.ts";
import { Authorizer } from "./authorize.ts";
import type { EdgeIdentity } from "./edge_identity.ts";
import type { Entities } from "./registry/entities.ts";
import type { Change } from "./registry/registry.ts";
import {
  edgeEntity,
  instant,
  keyEntity,
  nameEntity,
  openRegistry,
  permissionEntity,
  put,
} from "./registry/testing/entities.ts";

const edge = "spiffe://holdfast.test/edge/pop1";
const certificateNames = ["www.holdfast.test", "*.holdfast.test"];
const request: SignTls13Request = {
  operation: "sign-tls13",
  role: "server",
  subjectKeyIdentifier: new Uint8Array(20),
  serverName: "www.holdfast.test",
  deadline: 1000,
  signatureScheme: 0x0403,
  transcript: { form: "hash", transcriptHash: new Uint8Array(32) },
};
const strict: SignTls13Request = {
  ...request,
  transcript: { form: "strict", handshakeMessages: new Uint8Array(1) },
};
const tls12: SignTls12Request = {
  ...request,
  operation: "sign-tls12",
  clientRandom: new Uint8Array(32),
  serverRandom: new Uint8Array(32),
  namedCurve: 29,
  publicKey: new Uint8Array(32),
};

const keyName = "k1";

/** An authorizer for one name, with permissions of it, and what else is in the registry. */
function authorizer(...permissions: Partial<Entities["permission"]>[]) {
  const registry = openRegistry();
  put(
    registry,
    { kind: "key", put: keyEntity(keyName) },
    { kind: "key", put: keyEntity("k2") },
    { kind: "name", put: nameEntity("www", { serverNames: certificateNames, bindings: [bound(keyName)] }) },
    { kind: "name", put: nameEntity("api", { bindings: [bound("k2")] }) },
    ...permissions.map((permission, index): Change => ({
      kind: "permission",
      put: permissionEntity(`p${index}`, permission),
    })),
  );
  return Object.assign(new Authorizer(registry), { registry });
}

const bound = (key: string) => ({ key, phase: "active" as const });

function answerTo(
  rules: Authorizer,
  asked: KeylessKeyRequest,
  by: EdgeIdentity | string = edge,
  key = keyName,
): string {
  try {
    rules.check(typeof by === "string" ? { name: by, notAfter: undefined } : by, key, asked);
    return "allowed";
  } catch (error) {
    assert.ok(error instanceof KeylessError, String(error));
    return error.code;
  }
}

const allows = (...asked: Parameters<typeof answerTo>) => answerTo(...asked) === "allowed";

Deno.test("without a permission nothing is allowed", () => {
  assert.equal(answerTo(authorizer(), request), "not-authorised");
});

Deno.test("a permission holds for its edge, the keys of its name and its operations only", () => {
  const rules = authorizer({});
  assert.equal(allows(rules, request), true);
  assert.equal(allows(rules, request, `${edge}2`), false);
  assert.equal(allows(rules, request, edge, "k2"), false);
  assert.equal(allows(rules, request, edge, "k3"), false);
  assert.equal(allows(rules, tls12), false);
  assert.equal(allows(authorizer({ operations: ["sign-tls12"] }), tls12), true);
});

Deno.test("a list of names permits its names, one label for a wildcard, and nothing else", () => {
  const rules = authorizer({ serverNames: certificateNames });
  const named = (serverName: string) => allows(rules, { ...request, serverName });
  assert.deepEqual(["www.holdfast.test", "a.holdfast.test", ""].map(named), [true, true, true]);
  assert.deepEqual(["holdfast.test", "a.b.holdfast.test", "other.test"].map(named), [false, false, false]);
});

Deno.test("a strict permission of fewer names takes only the strict form, and no absent SNI unless told", () => {
  const rules = authorizer({ serverNames: ["www.holdfast.test"], transcript: "strict" });
  assert.equal(allows(rules, strict), true);
  assert.equal(allows(rules, request), false);
  assert.equal(allows(rules, { ...strict, serverName: "" }), false);
  assert.equal(allows(rules, { ...strict, serverName: "a.holdfast.test" }), false);
  const withAbsent = authorizer({ serverNames: ["www.holdfast.test", ""], transcript: "strict" });
  assert.equal(allows(withAbsent, { ...strict, serverName: "" }), true);
});

Deno.test("a hash permission takes the strict form too, and of two permissions either is enough", () => {
  assert.equal(allows(authorizer({}), strict), true);
  const rules = authorizer({ operations: ["sign-tls12"] }, { transcript: "strict" });
  assert.equal(allows(rules, tls12), true);
  assert.equal(allows(rules, strict), true);
  assert.equal(allows(rules, request), false);
});

Deno.test("a group's permission holds for the edges that are in it, as soon as they are", () => {
  const rules = authorizer({ subject: { group: "europe" } });
  assert.equal(allows(rules, request), false);
  put(rules.registry, { kind: "edge", put: edgeEntity(edge, { groups: ["europe"] }) });
  assert.equal(allows(rules, request), true);
  put(rules.registry, { kind: "edge", put: edgeEntity(edge, { groups: ["asia"] }) });
  assert.equal(allows(rules, request), false);
});

Deno.test("a denial wins, for all names too, and only for its operations", () => {
  const rules = authorizer({ operations: ["sign-tls13", "sign-tls12"] }, {
    effect: "deny",
    subject: { group: "bad" },
  });
  assert.equal(allows(rules, request), true);
  put(rules.registry, { kind: "edge", put: edgeEntity(edge, { groups: ["bad"] }) });
  assert.equal(allows(rules, request), false);
  assert.equal(allows(rules, tls12), true);
  const { name: _, ...everywhere } = permissionEntity("all", { effect: "deny", operations: ["sign-tls12"] });
  put(rules.registry, { kind: "permission", put: everywhere });
  assert.equal(allows(rules, tls12), false);
});

Deno.test("a denial of some server names denies what cannot show its own", () => {
  const rules = authorizer({}, { effect: "deny", serverNames: ["www.holdfast.test"] });
  assert.equal(allows(rules, strict), false);
  assert.equal(allows(rules, { ...strict, serverName: "a.holdfast.test" }), true);
  assert.equal(
    allows(rules, { ...request, serverName: "a.holdfast.test" }),
    false,
    "a hash may be for any name",
  );
});

Deno.test("a rate gives what it has at once, then no more; each edge has its own, and a denial costs nothing of it", () => {
  const rate = { perSecond: 0.001, burst: 2 };
  const rules = authorizer({ rate }, { subject: { group: "g" }, rate });
  put(rules.registry, { kind: "edge", put: edgeEntity("x:y", { groups: ["g"] }) });
  const answers = (by?: string) => [1, 2, 3].map(() => answerTo(rules, request, by));
  assert.equal(
    answerTo(rules, { ...request, serverName: "other.test" }),
    "allowed",
    "any of the name's keys",
  );
  assert.deepEqual(answers(), ["allowed", "rate-limited", "rate-limited"]);
  assert.deepEqual(answers("x:y"), ["allowed", "allowed", "rate-limited"]);
  assert.equal(answerTo(rules, tls12), "not-authorised");
});

Deno.test("a rate that is used up stays so through changes of the registry, but not through one of the rate", () => {
  const rules = authorizer({ rate: { perSecond: 0.001, burst: 1 } });
  assert.deepEqual([1, 2].map(() => answerTo(rules, request)), ["allowed", "rate-limited"]);
  for (const groups of [["a"], ["b"], ["c"]]) {
    put(rules.registry, { kind: "edge", put: edgeEntity(edge, { groups }) });
  }
  assert.equal(answerTo(rules, request), "rate-limited");
  const rate = { perSecond: 0.001, burst: 3 };
  put(rules.registry, { kind: "permission", put: permissionEntity("p0", { rate }) });
  assert.equal(answerTo(rules, request), "allowed");
});

Deno.test("a permission without a rate spends nothing of another's", () => {
  const rules = authorizer({ rate: { perSecond: 0.001, burst: 1 } }, {});
  for (let i = 0; i < 5; i++) assert.equal(answerTo(rules, request), "allowed");
  put(rules.registry, { kind: "permission", remove: "p1" });
  assert.deepEqual([1, 2].map(() => answerTo(rules, request)), ["allowed", "rate-limited"]);
});

Deno.test("a changed registry holds from the next request on", () => {
  const rules = authorizer({});
  assert.equal(allows(rules, request), true);
  put(rules.registry, { kind: "permission", remove: "p0" });
  assert.equal(allows(rules, request), false);
});

Deno.test("a revoked edge is refused whatever it is permitted; taken back, its certificates from before are", () => {
  const rules = authorizer({});
  const began = Date.parse("2026-11-21T12:00:00.000Z");
  const identity = { name: edge, notAfter: undefined, notBefore: began };
  assert.equal(rules.refusal(identity), undefined);
  put(rules.registry, { kind: "edge", put: edgeEntity(edge, { state: "revoked", reason: "stolen" }) });
  assert.match(rules.refusal(identity) ?? "", /revoked: stolen/);
  assert.equal(answerTo(rules, request, identity), "not-authorised");
  const certificatesNotBefore = new Date(began + 1).toISOString();
  put(rules.registry, { kind: "edge", put: edgeEntity(edge, { certificatesNotBefore }) });
  assert.equal(answerTo(rules, request, identity), "not-authorised");
  assert.equal(answerTo(rules, request, { ...identity, notBefore: began + 1 }), "allowed");
  assert.equal(answerTo(rules, request, edge), "allowed", "the kernel tells a unix peer, not a certificate");
});

Deno.test("a key answers for its name while it is staged, active or draining, and for nobody once it is unbound", () => {
  const rules = authorizer({});
  for (const phase of ["staged", "active", "draining"] as const) {
    put(rules.registry, { kind: "name", put: nameEntity("www", { bindings: [{ key: keyName, phase }] }) });
    assert.equal(allows(rules, request), true, phase);
  }
  put(rules.registry, { kind: "name", put: nameEntity("www") });
  assert.equal(allows(rules, request), false);
});

Deno.test("a rotation's new key answers for its name while there is a challenge for it, and for no other name", async () => {
  const rules = authorizer({}, { name: "api" });
  const root = await Authority.createRoot("Root");
  const certificate = pemToDer(root.certificatePem)[0]!.toBase64();
  const rotation: Entities["rotation"] = {
    id: "0123456789abcdef",
    name: "www",
    algorithm: "ecdsa-p256",
    issuer: "acme",
    step: "await-certificate",
    ending: "done",
    newKey: "k3",
    replaces: [],
    drainTime: 0,
    destroys: "none",
    startedAt: instant,
    startedBy: "test",
    stepSince: instant,
  };
  put(
    rules.registry,
    { kind: "key", put: keyEntity("k3") },
    { kind: "key", put: keyEntity("k4") },
    { kind: "rotation", put: rotation },
  );
  assert.equal(allows(rules, request, edge, "k3"), false, "not before");
  const challenge = { serverName: "www.holdfast.test", certificate, expiresAt: instant };
  put(rules.registry, { kind: "challenge", put: { ...challenge, key: "k3" } });
  assert.equal(allows(rules, request, edge, "k3"), true);
  assert.equal(allows(rules, request, edge, "k4"), false);
  put(rules.registry, { kind: "rotation", put: { ...rotation, step: "aborted" } });
  assert.equal(allows(rules, request, edge, "k3"), false, "its rotation is over");
  put(rules.registry, { kind: "rotation", put: rotation }, {
    kind: "challenge",
    remove: "www.holdfast.test",
  });
  assert.equal(allows(rules, request, edge, "k3"), false, "and so is the challenge");
});
