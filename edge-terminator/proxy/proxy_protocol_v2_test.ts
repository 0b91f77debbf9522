import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeProxyHeader, type ProxyHeader, type ProxyTls } from "./proxy_protocol_v2.ts";
import { decodeProxyHeader } from "./testing/decode_proxy_header.ts";

const port = fc.integer({ min: 0, max: 65535 });
const ipv4 = fc.ipV4().map((address) => ({ address }));
const ipv6 = fc.ipV6().map((address) => ({ address }));
const path = fc.stringMatching(/^\/[a-z0-9/._-]{1,90}$/).map((path) => ({ path }));
const pair = <T>(one: fc.Arbitrary<T>) => fc.tuple(one, port, one, port);
const ipEndpoints = (address: typeof ipv4) =>
  pair(address).map(([client, clientPort, server, serverPort]) => ({
    client: { ...client, port: clientPort },
    server: { ...server, port: serverPort },
  }));
const text = fc.stringMatching(/^[a-z0-9.\/-]{0,200}$/);
const headers: fc.Arbitrary<ProxyHeader> = fc.record({
  endpoints: fc.oneof(
    ipEndpoints(ipv4),
    ipEndpoints(ipv6),
    fc.tuple(path, path).map(([client, server]) => ({ client, server })),
  ),
  alpnProtocol: fc.option(text, { nil: undefined }),
  serverName: fc.option(text, { nil: undefined }),
  tls: fc.option(fc.record({ version: text, cipherSuite: text }), { nil: undefined }),
});

Deno.test("a header says the addresses, the name, the protocol and the suite that went into it", () => {
  fc.assert(fc.property(headers, (header) => {
    const decoded = decodeProxyHeader(encodeProxyHeader(header));
    assert.equal(decoded.command, "PROXY");
    assert.deepEqual(decoded.endpoints, normalised(header.endpoints));
    assert.equal(decoded.alpnProtocol, header.alpnProtocol);
    assert.equal(decoded.serverName, header.serverName);
    assert.deepEqual(decoded.tls, header.tls && { ...header.tls, client: 1, verify: 1 });
    assert.equal(decoded.rest, 0);
  }));
});

Deno.test("a header cut short or grown at any place is refused by a strict reader", () => {
  fc.assert(fc.property(headers, fc.nat(), (header, at) => {
    const bytes = encodeProxyHeader(header);
    assert.throws(() => decodeProxyHeader(bytes.subarray(0, at % bytes.length)), /wanted|signature/);
    const swollen = bytes.slice();
    const length = new DataView(swollen.buffer);
    length.setUint16(14, length.getUint16(14) + 1);
    assert.throws(() => decodeProxyHeader(swollen));
  }));
});

Deno.test("the bytes for an IPv4 client are those of the specification", () => {
  const bytes = encodeProxyHeader({
    endpoints: { client: { address: "192.0.2.1", port: 50000 }, server: { address: "192.0.2.2", port: 443 } },
    alpnProtocol: "h2",
    serverName: "a.test",
    tls: { version: "TLSv1.3", cipherSuite: "TLS_AES_128_GCM_SHA256" },
  });
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  assert.equal(
    hex,
    "0d0a0d0a000d0a515549540a" + "21" + "11" + "0045" + // signature, v2 PROXY, TCP over IPv4, 69 bytes
      "c0000201" + "c0000202" + "c350" + "01bb" +
      "01" + "0002" + "6832" + // PP2_TYPE_ALPN "h2"
      "02" + "0006" + "612e74657374" + // PP2_TYPE_AUTHORITY "a.test"
      "20" + "0028" + "01" + "00000001" + // PP2_TYPE_SSL: PP2_CLIENT_SSL, not verified
      "21" + "0007" + "544c5376312e33" + // PP2_SUBTYPE_SSL_VERSION "TLSv1.3"
      "23" + "0016" + "544c535f4145535f3132385f47434d5f534841323536", // PP2_SUBTYPE_SSL_CIPHER
  );
});

Deno.test("a client's certificate is told: verified, shown now or in the session, and its common name", () => {
  const told = (clientCertificate: ProxyTls["clientCertificate"]) => {
    const tls = { version: "TLSv1.3", cipherSuite: "TLS_AES_128_GCM_SHA256", clientCertificate };
    const { client, verify, commonName } = decodeProxyHeader(encodeProxyHeader({ tls })).tls!;
    return { client, verify, commonName };
  };
  assert.deepEqual(told({ commonName: "Jürgen", shownNow: true }), {
    client: 7,
    verify: 0,
    commonName: "Jürgen",
  });
  assert.deepEqual(told({ commonName: "client", shownNow: false }), {
    client: 5,
    verify: 0,
    commonName: "client",
  });
  assert.deepEqual(told({ shownNow: true }), { client: 7, verify: 0, commonName: undefined });
  assert.deepEqual(told(undefined), { client: 1, verify: 1, commonName: undefined });
});

Deno.test("ends of unknown or unequal families go out as LOCAL, which carries no address", () => {
  const unequal = { client: { address: "::1", port: 1 }, server: { address: "127.0.0.1", port: 2 } };
  for (
    const endpoints of [undefined, unequal, { client: { path: "/a" }, server: { address: "::1", port: 2 } }]
  ) {
    const decoded = decodeProxyHeader(encodeProxyHeader({ endpoints, serverName: "a.test" }));
    assert.equal(decoded.command, "LOCAL");
    assert.equal(decoded.endpoints, undefined);
    assert.equal(decoded.serverName, "a.test");
  }
});

/** Addresses in the one spelling that the decoder writes. */
function normalised(endpoints: ProxyHeader["endpoints"]): unknown {
  const one = (end: object) => {
    if (!("address" in end)) return end;
    const address = String(end.address);
    return {
      ...end,
      address: address.includes(":") ? new URL(`http://[${address}]/`).hostname.slice(1, -1) : address,
    };
  };
  return endpoints && { client: one(endpoints.client), server: one(endpoints.server) };
}
