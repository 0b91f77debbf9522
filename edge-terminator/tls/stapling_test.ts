import assert from "node:assert/strict";
import { LockedPool } from "../../shared/memory/locked_pool.ts";
import { ContentType, ExtensionType, HandshakeType } from "../../shared/tls_constants.ts";
import { decodeCertificate } from "../../shared/tls_messages/certificate.ts";
import { decodeCertificateStatus } from "../../shared/tls_messages/certificate_status.ts";
import { extension } from "../../test/peer/hello_builder.ts";
import { ScriptedClient } from "../../test/peer/scripted_client.ts";
import { ScriptedTls12Client, usualTls12Extensions } from "../../test/peer/scripted_tls12_client.ts";
import { ecdsaCertificate, TestServer } from "../../test/peer/test_server.ts";
import type { TlsSite } from "./site.ts";

const ocspResponse = new TextEncoder().encode("an OCSP response");
/** The very object that the test server has the key of, with a response beside it. */
const staplingSite: TlsSite = {
  alpnProtocols: [],
  certificates: [Object.assign(ecdsaCertificate.served, { ocspResponse })],
};
const statusRequest = extension(ExtensionType.status_request, (writer) => {
  writer.u8(1);
  writer.u16(0);
  writer.u16(0);
});
const recordSizeLimit = (limit: number) =>
  extension(ExtensionType.record_size_limit, (writer) => writer.u16(limit));

Deno.test("TLS 1.3 staples the OCSP response for a client that asks, and for no other", () => {
  for (const extraExtensions of [[statusRequest], []]) {
    using pool = LockedPool.open({ totalBytes: 8192 });
    using client = new ScriptedClient({ pool, fields: { extraExtensions } });
    using server = new TestServer();
    server.site = staplingSite;
    client.receive(server.receive(client.start()));
    const message = client.messages.find(({ type }) => type === HandshakeType.certificate)!;
    const [leaf] = decodeCertificate(message, new Set([ExtensionType.status_request])).certificateList;
    assert.deepEqual(leaf?.known.statusRequest, extraExtensions.length > 0 ? ocspResponse : undefined);
  }
});

Deno.test("TLS 1.2 staples the OCSP response for a client that asks", () => {
  using pool = LockedPool.open({ totalBytes: 8192 });
  using client = new ScriptedTls12Client(pool, { extraExtensions: [...usualTls12Extensions, statusRequest] });
  using server = new TestServer();
  server.site = staplingSite;
  client.receive(server.receive(client.start()));
  const status = client.messages.find(({ type }) => type === HandshakeType.certificate_status)!;
  assert.deepEqual(decodeCertificateStatus(status).ocspResponse, ocspResponse);
  server.receive(client.clientKeyExchange());
  server.receive(client.changeCipherSpec());
  server.receive(client.finished());
  assert.equal(server.engine.state, "connected");
});

/** The lengths of the encrypted records in a flight. */
function recordLengths(bytes: Uint8Array): number[] {
  const lengths: number[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = bytes[at + 3]! << 8 | bytes[at + 4]!;
    if (bytes[at] === ContentType.application_data) lengths.push(length);
    at += 5 + length;
  }
  return lengths;
}

Deno.test("TLS 1.3 keeps to the client's record size limit, content type counted", () => {
  using pool = LockedPool.open({ totalBytes: 8192 });
  using client = new ScriptedClient({ pool, fields: { extraExtensions: [recordSizeLimit(100)] } });
  using server = new TestServer();
  client.receive(server.receive(client.start()));
  client.receive(server.receive(client.finished()));
  server.engine.send(new Uint8Array(1000));
  const output = server.drain()!;
  assert.equal(Math.max(...recordLengths(output)), 100 + 16);
  client.receive(output);
  assert.equal(client.received.length, 1000);
});

Deno.test("TLS 1.2 keeps to the client's record size limit", () => {
  using pool = LockedPool.open({ totalBytes: 8192 });
  const extraExtensions = [...usualTls12Extensions, recordSizeLimit(100)];
  using client = new ScriptedTls12Client(pool, { extraExtensions });
  using server = new TestServer();
  client.receive(server.receive(client.start()));
  server.receive(client.clientKeyExchange());
  server.receive(client.changeCipherSpec());
  client.receive(server.receive(client.finished()));
  server.engine.send(new Uint8Array(1000));
  const output = server.drain()!;
  assert.equal(Math.max(...recordLengths(output)), 8 + 100 + 16);
  client.receive(output);
  assert.equal(client.received.length, 1000);
});
