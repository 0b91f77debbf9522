import assert from "node:assert/strict";
import { type AdminPort, serveAdminPort } from "./admin_port.ts";
import { formatAddress } from "./config/address.ts";
import { Metrics } from "./metrics.ts";

const loopback = { host: "127.0.0.1", port: 0 };
const url = ({ address }: AdminPort, path: string) => `http://${formatAddress(address)}${path}`;

Deno.test("/healthz, /readyz and /metrics answer, and /readyz follows the readiness", async () => {
  let ready = false;
  const metrics = new Metrics();
  metrics.counter("holdfast_x_total", "X.").inc();
  await using port = await serveAdminPort({
    address: loopback,
    readiness: () => ({ ready, checks: { keyServer: ready ? "up" : "down" } }),
    metrics: () => metrics.exposition(),
  });
  const health = await fetch(url(port, "/healthz"));
  assert.deepEqual([health.status, await health.json()], [200, { healthy: true }]);
  const before = await fetch(url(port, "/readyz"));
  assert.deepEqual([before.status, await before.json()], [503, {
    ready: false,
    checks: { keyServer: "down" },
  }]);
  ready = true;
  const after = await fetch(url(port, "/readyz"));
  assert.deepEqual([after.status, await after.json()], [200, { ready: true, checks: { keyServer: "up" } }]);
  const exposition = await fetch(url(port, "/metrics"));
  assert.match(exposition.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
  assert.match(await exposition.text(), /^holdfast_x_total 1$/m);
  const absent = await fetch(url(port, "/"));
  assert.deepEqual([absent.status, await absent.text()], [404, "404 Not Found"]);
});

Deno.test("an address that others can reach is refused unless it is meant", async () => {
  const options = { readiness: () => ({ ready: true, checks: {} }), metrics: () => Promise.resolve("") };
  const address = { host: "0.0.0.0", port: 0 };
  await assert.rejects(serveAdminPort({ ...options, address }), {
    code: "admin-port",
    message: /not a loopback address/,
  });
  await using port = await serveAdminPort({ ...options, address, allowRemote: true });
  assert(port.address.port > 0);
});

Deno.test("a taken port is told as such, and disposing frees it", async () => {
  const options = { readiness: () => ({ ready: true, checks: {} }), metrics: () => Promise.resolve("") };
  const first = await serveAdminPort({ ...options, address: loopback });
  await assert.rejects(serveAdminPort({ ...options, address: first.address }), /cannot be bound/);
  await first[Symbol.asyncDispose]();
  await using second = await serveAdminPort({ ...options, address: first.address });
  assert.equal(second.address.port, first.address.port);
});
