import assert from "node:assert/strict";
import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import { AlertDescription, ExtensionType } from "../../../shared/tls_constants.ts";
import { extension, type RawExtension } from "../../../test/peer/hello_builder.ts";
import { ScriptedClient } from "../../../test/peer/scripted_client.ts";
import { ScriptedTls12Client, usualTls12Extensions } from "../../../test/peer/scripted_tls12_client.ts";
import { ecdsaCertificate, rsaCertificate, TestServer } from "../../../test/peer/test_server.ts";
import type { TlsServerEvent } from "../server_events.ts";
import type { TlsSite } from "../site.ts";

const issuer = new Uint8Array([0x30, 2, 0x31, 0]);
const privateChain = { ...ecdsaCertificate.served, onlyForIssuers: [issuer] };
const authorities = (...names: readonly Uint8Array[]) =>
  extension(ExtensionType.certificate_authorities, (writer) =>
    writer.vector16((list) => {
      for (const name of names) list.vector16(name);
    }));
const certificateTypes = (...types: readonly number[]) =>
  extension(ExtensionType.server_certificate_type, (writer) => writer.vector8(new Uint8Array(types)));

/** The first event after a ClientHello with this extension. */
function firstEvent(version: "TLS 1.2" | "TLS 1.3", extra: RawExtension[], site: TlsSite): TlsServerEvent {
  using pool = LockedPool.open({ totalBytes: 8192 });
  using server = new TestServer({}, ["signature-needed"]);
  server.site = site;
  using client = version === "TLS 1.3"
    ? new ScriptedClient({ pool, fields: { extraExtensions: extra } })
    : new ScriptedTls12Client(pool, { extraExtensions: [...usualTls12Extensions, ...extra] });
  server.receive(client.start());
  return server.events[1]!;
}

function signer(event: TlsServerEvent) {
  assert(event.type === "signature-needed", event.type);
  return event.request.certificate;
}

function refusal(event: TlsServerEvent) {
  assert(event.type === "failed", event.type);
  return [event.alertSent, event.error.reason];
}

for (const version of ["TLS 1.2", "TLS 1.3"] as const) {
  Deno.test(`${version}: a chain for some authorities goes to clients that name one of them only`, () => {
    const other = new Uint8Array([0x30, 0]);
    const both = { alpnProtocols: [], certificates: [privateChain, ecdsaCertificate.served] };
    assert.equal(signer(firstEvent(version, [authorities(other, issuer)], both)), privateChain);
    assert.equal(signer(firstEvent(version, [authorities(other)], both)), ecdsaCertificate.served);
    assert.equal(signer(firstEvent(version, [], both)), ecdsaCertificate.served);
    const one = { alpnProtocols: [], certificates: [privateChain] };
    assert.deepEqual(refusal(firstEvent(version, [authorities(other)], one)), [
      AlertDescription.handshake_failure,
      "NO_MATCHING_ISSUER",
    ]);
  });

  Deno.test(`${version}: a client that takes no X.509 certificate is refused, one that prefers others is not`, () => {
    const site = { alpnProtocols: [], certificates: [ecdsaCertificate.served, rsaCertificate.served] };
    assert.deepEqual(refusal(firstEvent(version, [certificateTypes(2)], site)), [
      AlertDescription.handshake_failure,
      "UNKNOWN_CERTIFICATE_TYPE",
    ]);
    assert.equal(signer(firstEvent(version, [certificateTypes(2, 0)], site)), ecdsaCertificate.served);
  });
}
