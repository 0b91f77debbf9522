import assert from "node:assert/strict";
import { ExtensionType, KeyUpdateRequest } from "../tls_constants.ts";
import { decodeCertificate, encodeCertificate } from "./certificate.ts";
import { decodeCertificateRequest, encodeCertificateRequest } from "./certificate_request.ts";
import { decodeCompressedCertificate, encodeCompressedCertificate } from "./compressed_certificate.ts";
import { decodeEndOfEarlyData } from "./end_of_early_data.ts";
import { decodeFinished, encodeFinished } from "./finished.ts";
import { encodeHandshake, parseHandshake } from "./handshake.ts";
import { decodeKeyUpdate, encodeKeyUpdate } from "./key_update.ts";
import { decodeNewSessionTicket, encodeNewSessionTicket } from "./new_session_ticket.ts";
import {
  decodeServerHello,
  encodeServerHello,
  helloRetryRequestRandom,
  type ServerHelloFields,
} from "./server_hello.ts";
import { decodeServerKeyExchange, encodeServerEcdhParams } from "./server_key_exchange.ts";
import { everythingOffered } from "./testing/message_cases.ts";
import { assertRefused } from "./testing/refusals.ts";

const tls13 = { type: ExtensionType.supported_versions, data: Uint8Array.of(3, 4) };

function serverHello(fields: Partial<ServerHelloFields>) {
  const raw = encodeServerHello({
    legacyVersion: 0x0303,
    random: new Uint8Array(32),
    legacySessionIdEcho: new Uint8Array(0),
    cipherSuite: 0x1301,
    legacyCompressionMethod: 0,
    extensions: [tls13],
    ...fields,
  });
  return decodeServerHello(parseHandshake(raw), everythingOffered);
}

Deno.test("a ServerHello is told from a HelloRetryRequest and from TLS 1.2's", () => {
  assert.equal(serverHello({}).kind, "ServerHello");
  assert.equal(serverHello({ random: helloRetryRequestRandom }).kind, "HelloRetryRequest");
  assert.equal(serverHello({ extensions: [] }).kind, "ServerHello12");
});

Deno.test("the HelloRetryRequest's random is the SHA-256 of its name", async () => {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode("HelloRetryRequest"));
  assert.deepEqual(helloRetryRequestRandom, new Uint8Array(digest));
});

Deno.test("a ServerHello that compresses, or of TLS 1.3 with another legacy_version, is refused", () => {
  assertRefused(() => serverHello({ legacyCompressionMethod: 1 }), "illegal_parameter");
  assertRefused(() => serverHello({ legacyVersion: 0x0304 }), "illegal_parameter");
});

Deno.test("an extension in the wrong kind of ServerHello is refused", () => {
  const cookie = { type: ExtensionType.cookie, data: Uint8Array.of(0, 1, 1) };
  assert.ok(serverHello({ random: helloRetryRequestRandom, extensions: [tls13, cookie] }));
  assertRefused(
    () => serverHello({ extensions: [tls13, cookie] }),
    "illegal_parameter",
    "UNEXPECTED_EXTENSION",
  );
});

Deno.test("an extension on a client's certificate that the server did not ask for is refused", () => {
  const extensions = [{ type: ExtensionType.status_request, data: Uint8Array.of(1, 0, 0, 1, 1) }];
  const raw = encodeCertificate({
    certificateRequestContext: new Uint8Array(0),
    certificateList: [{ certificate: Uint8Array.of(1), extensions }],
  });
  const asked = new Set<number>([ExtensionType.signature_algorithms]);
  const decode = () => decodeCertificate(parseHandshake(raw), asked);
  assertRefused(decode, "unsupported_extension", "UNEXPECTED_EXTENSION");
});

Deno.test("a CertificateRequest without signature_algorithms is refused with missing_extension", () => {
  const raw = encodeCertificateRequest({ certificateRequestContext: new Uint8Array(0), extensions: [] });
  assertRefused(() => decodeCertificateRequest(parseHandshake(raw)), "missing_extension");
});

Deno.test("a CompressedCertificate that announces too much is refused with illegal_parameter", () => {
  const raw = encodeCompressedCertificate({
    algorithm: 2,
    uncompressedLength: 0xffffff,
    compressedCertificateMessage: Uint8Array.of(1),
  });
  const decode = () => decodeCompressedCertificate(parseHandshake(raw));
  assertRefused(decode, "illegal_parameter", "UNCOMPRESSED_CERT_TOO_LARGE");
});

Deno.test("a Finished of any length decodes: comparing it tells that it is wrong", () => {
  const { verifyData } = decodeFinished(parseHandshake(encodeFinished({ verifyData: new Uint8Array(33) })));
  assert.equal(verifyData.length, 33);
});

Deno.test("an EndOfEarlyData with a body is refused with decode_error", () => {
  const raw = encodeHandshake(5, (writer) => writer.u8(0));
  assertRefused(() => decodeEndOfEarlyData(parseHandshake(raw)), "decode_error", "DECODE_ERROR");
});

Deno.test("a KeyUpdate with another request_update is refused with illegal_parameter", () => {
  const decode = (requestUpdate: number) =>
    decodeKeyUpdate(parseHandshake(encodeKeyUpdate({ requestUpdate })));
  assert.deepEqual(decode(1), { requestUpdate: KeyUpdateRequest.update_requested });
  assertRefused(() => decode(2), "illegal_parameter");
});

Deno.test("a ticket that lives longer than seven days is refused with illegal_parameter", () => {
  const raw = encodeNewSessionTicket({
    ticketLifetime: 604_801,
    ticketAgeAdd: 0,
    ticketNonce: new Uint8Array(0),
    ticket: Uint8Array.of(1),
    extensions: [],
  });
  assertRefused(() => decodeNewSessionTicket(parseHandshake(raw)), "illegal_parameter");
});

Deno.test("a ServerKeyExchange with another curve type than named_curve is refused with illegal_parameter", () => {
  const raw = encodeHandshake(12, (writer) => writer.bytes(Uint8Array.of(1, 0, 29, 1, 0, 4, 3, 0, 0)));
  assertRefused(() => decodeServerKeyExchange(parseHandshake(raw)), "illegal_parameter", "WRONG_CURVE");
});

Deno.test("ServerECDHParams are written as RFC 8422 has them", () => {
  const params = encodeServerEcdhParams({ namedCurve: 0x001d, publicKey: Uint8Array.of(9, 8) });
  assert.equal(params.toHex(), "03001d020908");
});
