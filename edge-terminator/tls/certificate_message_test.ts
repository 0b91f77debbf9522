import assert from "node:assert/strict";
import { LockedPool } from "../../shared/memory/locked_pool.ts";
import { CertificateCompressionAlgorithm, ExtensionType, HandshakeType } from "../../shared/tls_constants.ts";
import { decodeCertificate } from "../../shared/tls_messages/certificate.ts";
import type { HandshakeMessage } from "../../shared/tls_messages/handshake.ts";
import { extension } from "../../test/peer/hello_builder.ts";
import { ScriptedClient } from "../../test/peer/scripted_client.ts";
import { ecdsaCertificate, TestServer } from "../../test/peer/test_server.ts";
import { inflateCertificate } from "../../test/peer/inflate_certificate.ts";
import type { ServedCertificate } from "./served_certificate.ts";
import type { TlsServerOptions } from "./server_options.ts";

const { zlib, brotli, zstd } = CertificateCompressionAlgorithm;

/** A chain that compresses, behind the test key. */
function longCertificate(fields: Partial<ServedCertificate> = {}): ServedCertificate {
  return Object.assign(ecdsaCertificateCopy(), { chain: [new Uint8Array(2000).fill(1)] }, fields);
}

function ecdsaCertificateCopy(): ServedCertificate {
  return { ...ecdsaCertificate.served };
}

interface Outcome {
  /** The Certificate message or the one in its place. */
  readonly message: HandshakeMessage;
  readonly connected: boolean;
}

function serve(
  certificate: ServedCertificate,
  offered: readonly number[] | undefined,
  options: Omit<TlsServerOptions, "pool"> = {},
  asksForStatus = false,
): Outcome {
  using pool = LockedPool.open({ totalBytes: 64 * 64 });
  const extraExtensions = [
    ...(offered === undefined
      ? []
      : [extension(ExtensionType.compress_certificate, (writer) => writer.u16Vector8(offered))]),
    ...(asksForStatus
      ? [extension(ExtensionType.status_request, (writer) => writer.bytes(new Uint8Array([1, 0, 0, 0, 0])))]
      : []),
  ];
  using client = new ScriptedClient({ pool, fields: { extraExtensions } });
  using server = new TestServer(options, ["signature-needed"]);
  server.site = { certificates: [certificate], alpnProtocols: [] };
  client.receive(server.receive(client.start()));
  server.engine.answerSignature(new Uint8Array(70)); // the scripted client checks no signature
  client.receive(server.drain());
  server.receive(client.finished());
  const { certificate: plain, compressed_certificate: compressed } = HandshakeType;
  const message = client.messages.find(({ type }) => type === plain || type === compressed)!;
  return { message, connected: server.engine.state === "connected" };
}

const chainOf = (message: HandshakeMessage) =>
  decodeCertificate(message, new Set([ExtensionType.status_request])).certificateList.map((entry) =>
    entry.certificate
  );

for (const [name, algorithm] of [["brotli", brotli], ["zlib", zlib]] as const) {
  Deno.test(`RFC 8879: a client that offers ${name} gets the certificate in it, and the transcript is over what was sent`, () => {
    const certificate = longCertificate();
    const { message, connected } = serve(certificate, [algorithm]);
    assert(connected);
    assert.equal(message.type, HandshakeType.compressed_certificate);
    assert(message.raw.length < 200);
    const { algorithm: used, inflated } = inflateCertificate(message);
    assert.equal(used, algorithm);
    assert.deepEqual(chainOf(inflated), certificate.chain);
  });
}

Deno.test("the server's preference decides among what the client offers, and what it does not know is no offer", () => {
  const certificate = longCertificate();
  const used = (offered: readonly number[], certificateCompression?: readonly number[]) =>
    inflateCertificate(
      serve(certificate, offered, certificateCompression && { certificateCompression }).message,
    ).algorithm;
  assert.equal(used([zlib, brotli]), brotli);
  assert.equal(used([zstd, zlib]), zlib);
  assert.equal(used([brotli, zlib], [zlib, brotli]), zlib);
});

Deno.test("a certificate goes out as it is where nothing is common, nothing is wanted, or nothing is gained", () => {
  const plain = (offered: number[] | undefined, options: Omit<TlsServerOptions, "pool"> = {}) => {
    const { message, connected } = serve(longCertificate(), offered, options);
    return connected && message.type === HandshakeType.certificate;
  };
  assert(plain(undefined));
  assert(plain([zstd, 0x0a0a]));
  assert(plain([brotli], { certificateCompression: [] }));
  const random = longCertificate({ chain: [crypto.getRandomValues(new Uint8Array(500))] });
  assert.equal(serve(random, [brotli, zlib]).message.type, HandshakeType.certificate);
});

Deno.test("the OCSP response is compressed along for who asks for it, and a new one is not missed", () => {
  const staples = [new Uint8Array(300).fill(7), new Uint8Array(300).fill(8)];
  const certificate: { -readonly [Key in keyof ServedCertificate]: ServedCertificate[Key] } = longCertificate(
    {
      ocspResponse: staples[0]!,
    },
  );
  const stapled = (asksForStatus: boolean) => {
    const { inflated } = inflateCertificate(serve(certificate, [brotli], {}, asksForStatus).message);
    const [leaf] = decodeCertificate(inflated, new Set([ExtensionType.status_request])).certificateList;
    return leaf!.known.statusRequest;
  };
  assert.deepEqual(stapled(true), staples[0]);
  assert.equal(stapled(false), undefined);
  certificate.ocspResponse = staples[1]!;
  assert.deepEqual(stapled(true), staples[1]);
});
