import assert from "node:assert/strict";
import type { SignTls12Request, SignTls13Request } from "../shared/keyless_protocol/operations.ts";
import { Authorizer } from "./authorize.ts";
import type { GrantConfig } from "./config.ts";
import { compileGrants } from "./grants.ts";

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

function authorizer(...grants: Partial<GrantConfig>[]): Authorizer {
  const whole = grants.map((grant): GrantConfig => ({
    edge,
    key: "www",
    operations: ["sign-tls13"],
    serverNames: undefined,
    transcript: "hash",
    ...grant,
  }));
  return new Authorizer(compileGrants("ks.toml", whole, () => certificateNames));
}

function allows(
  rules: Authorizer,
  asked: SignTls13Request | SignTls12Request,
  by = edge,
  key = "www",
): boolean {
  try {
    rules.check(by, key, asked);
    return true;
  } catch (error) {
    assert.equal((error as { code: string }).code, "not-authorised");
    return false;
  }
}

Deno.test("without a grant nothing is allowed", () => {
  assert.equal(allows(authorizer(), request), false);
});

Deno.test("a grant holds for its edge, its key and its operations only", () => {
  const rules = authorizer({});
  assert.equal(allows(rules, request), true);
  assert.equal(allows(rules, request, `${edge}2`), false);
  assert.equal(allows(rules, request, edge, "api"), false);
  assert.equal(allows(rules, tls12), false);
  assert.equal(allows(authorizer({ operations: ["sign-tls12"] }), tls12), true);
});

Deno.test("an edge and a key whose names run together are not taken for others", () => {
  const rules = authorizer({ edge: "x:b c", key: "a" });
  assert.equal(allows(rules, request, "x:b c", "a"), true);
  assert.equal(allows(rules, request, "c", "a x:b"), false);
});

Deno.test("a list of names permits its names, one label for a wildcard, and nothing else", () => {
  const rules = authorizer({ serverNames: certificateNames });
  const named = (serverName: string) => allows(rules, { ...request, serverName });
  assert.deepEqual(["www.holdfast.test", "a.holdfast.test", ""].map(named), [true, true, true]);
  assert.deepEqual(["holdfast.test", "a.b.holdfast.test", "other.test"].map(named), [false, false, false]);
});

Deno.test("a strict grant of fewer names takes only the strict form, and no absent SNI unless told", () => {
  const rules = authorizer({ serverNames: ["www.holdfast.test"], transcript: "strict" });
  assert.equal(allows(rules, strict), true);
  assert.equal(allows(rules, request), false);
  assert.equal(allows(rules, { ...strict, serverName: "" }), false);
  assert.equal(allows(rules, { ...strict, serverName: "a.holdfast.test" }), false);
  const withAbsent = authorizer({ serverNames: ["www.holdfast.test", ""], transcript: "strict" });
  assert.equal(allows(withAbsent, { ...strict, serverName: "" }), true);
});

Deno.test("a hash grant takes the strict form too, and of two grants either is enough", () => {
  assert.equal(allows(authorizer({}), strict), true);
  const rules = authorizer({ operations: ["sign-tls12"] }, { transcript: "strict" });
  assert.equal(allows(rules, tls12), true);
  assert.equal(allows(rules, strict), true);
  assert.equal(allows(rules, request), false);
});

Deno.test("replaced grants hold from the next request on", () => {
  const rules = authorizer({});
  assert.equal(allows(rules, request), true);
  rules.replace([]);
  assert.equal(allows(rules, request), false);
});

Deno.test("a hash grant narrower than the key's certificate is refused, naming what it leaves out", () => {
  for (const serverNames of [["www.holdfast.test"], ["*.holdfast.test", "x.test"].slice(1), [""]]) {
    assert.throws(() => authorizer({ serverNames }), /grant\[0\]\.server_names leaves out .*strict/);
  }
  assert.ok(authorizer({ serverNames: ["*.holdfast.test"] }), "its wildcard covers www.holdfast.test");
});
