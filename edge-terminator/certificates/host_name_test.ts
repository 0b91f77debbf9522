import assert from "node:assert/strict";
import { coversName, servedNameSchema } from "./host_name.ts";

Deno.test("a served name is a host name or a one-label wildcard, in lower case", () => {
  assert.equal(servedNameSchema.parse("WWW.Example.ORG"), "www.example.org");
  for (
    const name of ["localhost", "*.example.org", "a-b.c_d.example", "xn--bcher-kva.example", "1.example"]
  ) {
    assert.equal(servedNameSchema.parse(name), name);
  }
});

Deno.test("what no client can name is refused as a served name", () => {
  const refused = [
    "",
    ".",
    "a.",
    ".a",
    "a..b",
    "*",
    "*.",
    "**.a.b",
    "a.*.b",
    "w*.a.b",
    "-a.b",
    "a-.b",
    "a b",
    "bücher.example",
    "127.0.0.1",
    "[::1]",
    "a.b:443",
    "https://a.b",
    `${"a".repeat(64)}.b`,
    `${"a.".repeat(127)}b`,
  ];
  for (const name of refused) assert.equal(servedNameSchema.safeParse(name).success, false, name);
});

Deno.test("a certificate's wildcard covers exactly one label, and itself", () => {
  assert.ok(coversName("*.A.test", "www.a.test"));
  assert.ok(coversName("*.a.test", "*.a.test"));
  assert.ok(coversName("WWW.a.test", "www.a.test"));
  const uncovered: [string, string][] = [
    ["*.a.test", "a.test"],
    ["*.a.test", "x.y.a.test"],
    ["*.a.test", "*.y.a.test"],
    ["www.a.test", "*.a.test"],
    ["w*.a.test", "www.a.test"],
    ["*", "test"],
    ["*.test", "test"],
  ];
  for (const [presented, wanted] of uncovered) {
    assert.equal(coversName(presented, wanted), false, `${presented} ${wanted}`);
  }
});
