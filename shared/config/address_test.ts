import assert from "node:assert/strict";
import { formatAddress, isLoopback, parseTcpAddress, socketAddressSchema } from "./address.ts";

Deno.test("addresses are read with names, IPv4 and bracketed IPv6, and written back the same", () => {
  for (const text of ["127.0.0.1:80", "localhost:65535", "[::1]:0", "a.example:443"]) {
    const address = parseTcpAddress(text);
    assert(address !== undefined);
    assert.equal(formatAddress(address), text);
  }
});

Deno.test("text that is no address is refused", () => {
  for (
    const text of [
      "a.test,b.test:80",
      "",
      "80",
      "host",
      "host:",
      ":80",
      "::1:80",
      "host:65536",
      "host:80 ",
      "a/b:80",
      "[::1]",
      "host:-1",
    ]
  ) {
    assert.equal(parseTcpAddress(text), undefined, text);
  }
});

Deno.test("only loopback addresses count as such", () => {
  assert.deepEqual(["127.0.0.1", "127.9.9.9", "::1", "localhost"].map(isLoopback), [true, true, true, true]);
  assert.deepEqual(["0.0.0.0", "::", "10.0.0.1", "127.0.0.1.evil.test"].map(isLoopback), [
    false,
    false,
    false,
    false,
  ]);
});

Deno.test("a backend is a TCP address or a unix socket", () => {
  assert.deepEqual(socketAddressSchema.parse("unix:/run/app.sock"), { path: "/run/app.sock" });
  assert.deepEqual(socketAddressSchema.parse("127.0.0.1:1"), { host: "127.0.0.1", port: 1 });
  assert.equal(socketAddressSchema.safeParse("unix:").success, false);
});
