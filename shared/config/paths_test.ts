import assert from "node:assert/strict";
import { pathBesideConfig } from "./paths.ts";

Deno.test("a relative path is relative to the configuration's folder, an absolute one stays", () => {
  assert.equal(pathBesideConfig("/etc/holdfast/edge.toml", "edge.pem"), "/etc/holdfast/edge.pem");
  assert.equal(pathBesideConfig("/etc/holdfast/edge.toml", "../edge.pem"), "/etc/edge.pem");
  assert.equal(pathBesideConfig("/etc/holdfast/edge.toml", "/run/edge.pem"), "/run/edge.pem");
});
