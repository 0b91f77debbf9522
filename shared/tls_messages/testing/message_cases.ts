import fc, { type Arbitrary } from "fast-check";
import { ExtensionType } from "../../tls_constants.ts";
import { decodeCertificate, encodeCertificate } from "../certificate.ts";
import { decodeCertificateRequest, encodeCertificateRequest } from "../certificate_request.ts";
import {
  decodeCertificateRequestTls12,
  encodeCertificateRequestTls12,
} from "../certificate_request_tls12.ts";
import { decodeCertificateStatus, encodeCertificateStatus } from "../certificate_status.ts";
import { decodeCertificateTls12, encodeCertificateTls12 } from "../certificate_tls12.ts";
import { decodeCertificateVerify, encodeCertificateVerify } from "../certificate_verify.ts";
import { decodeClientHello, encodeClientHello } from "../client_hello.ts";
import * as clientKeyExchange from "../client_key_exchange.ts";
import { decodeCompressedCertificate, encodeCompressedCertificate } from "../compressed_certificate.ts";
import { decodeEncryptedExtensions, encodeEncryptedExtensions } from "../encrypted_extensions.ts";
import { decodeEndOfEarlyData, encodeEndOfEarlyData } from "../end_of_early_data.ts";
import { decodeFinished, encodeFinished } from "../finished.ts";
import type { HandshakeMessage } from "../handshake.ts";
import { decodeHelloRequest, encodeHelloRequest } from "../hello_request.ts";
import { decodeKeyUpdate, encodeKeyUpdate } from "../key_update.ts";
import { decodeNewSessionTicket, encodeNewSessionTicket } from "../new_session_ticket.ts";
import { decodeNewSessionTicketTls12, encodeNewSessionTicketTls12 } from "../new_session_ticket_tls12.ts";
import { decodeServerHello, encodeServerHello, helloRetryRequestRandom } from "../server_hello.ts";
import { decodeServerHelloDone, encodeServerHelloDone } from "../server_hello_done.ts";
import { decodeServerKeyExchange, encodeServerKeyExchange } from "../server_key_exchange.ts";
import { anyByte, anyBytes, anyU16, anyU32, extensionsOf, listOf, record } from "./extension_arbitraries.ts";

/** A message with the means to make, write and read it. */
export interface MessageCase {
  readonly name: string;
  /** Valid fields. */
  readonly fields: Arbitrary<object>;
  encode(fields: object): Uint8Array;
  /** Returns at least `fields`. */
  decode(message: HandshakeMessage): object;
  /** Lengths at which the body may be cut off and still be a message; none when absent. */
  validCuts?(body: Uint8Array): number[];
}

/** Every extension type: nothing is refused for not having been offered. */
export const everythingOffered: ReadonlySet<number> = new Set(Object.values(ExtensionType));

function messageCase<Fields extends object>(
  name: string,
  fields: Arbitrary<Fields>,
  encode: (fields: Fields) => Uint8Array,
  decode: (message: HandshakeMessage) => object,
  validCuts?: (body: Uint8Array) => number[],
): MessageCase {
  const untyped = (value: object) => encode(value as Fields);
  return { name, fields, encode: untyped, decode, ...(validCuts && { validCuts }) };
}

function bodiless(accept: (message: HandshakeMessage) => void): (message: HandshakeMessage) => object {
  return (message) => {
    accept(message);
    return {};
  };
}

const random = anyBytes(32, 32);
const sessionId = anyBytes(0, 32);
const empty = fc.constant({});

/** Where the extension block of a ClientHello begins: without it, it is a hello of old. */
function clientHelloExtensionsStart(body: Uint8Array): number[] {
  let at = 35 + body[34]!;
  at += 2 + (body[at]! << 8 | body[at + 1]!);
  return [at + 1 + body[at]!];
}

const serverHello = (name: string, theRandom: Arbitrary<Uint8Array>, extensions: Arbitrary<object[]>) =>
  messageCase(
    name,
    record({
      legacyVersion: fc.constant(0x0303),
      random: theRandom,
      legacySessionIdEcho: sessionId,
      cipherSuite: anyU16,
      legacyCompressionMethod: fc.constant(0),
      extensions: extensions as ReturnType<typeof extensionsOf>,
    }),
    encodeServerHello,
    (message) => decodeServerHello(message, everythingOffered),
    (body) => [38 + body[34]!],
  );

const certificateEntry = record({
  certificate: anyBytes(1, 60),
  extensions: extensionsOf("CertificateEntry"),
});

/** Every handshake message that we read or write. */
export const messageCases: readonly MessageCase[] = [
  messageCase(
    "ClientHello",
    record({
      legacyVersion: anyU16,
      random,
      legacySessionId: sessionId,
      cipherSuites: listOf(anyU16, 1, 30),
      legacyCompressionMethods: anyBytes(0, 3).map((methods) => Uint8Array.of(...methods, 0)),
      extensions: extensionsOf("ClientHello"),
    }),
    encodeClientHello,
    decodeClientHello,
    clientHelloExtensionsStart,
  ),
  serverHello("ServerHello", random, extensionsOf("ServerHello", [ExtensionType.supported_versions])),
  serverHello(
    "HelloRetryRequest",
    fc.constant(helloRetryRequestRandom),
    extensionsOf("HelloRetryRequest", [ExtensionType.supported_versions]),
  ),
  serverHello("ServerHello of TLS 1.2", random, extensionsOf("ServerHello12")),
  messageCase(
    "EncryptedExtensions",
    record({ extensions: extensionsOf("EncryptedExtensions") }),
    ({ extensions }) => encodeEncryptedExtensions(extensions),
    (message) => decodeEncryptedExtensions(message, everythingOffered),
  ),
  messageCase(
    "CertificateRequest",
    record({
      certificateRequestContext: anyBytes(0, 8),
      extensions: extensionsOf("CertificateRequest", [ExtensionType.signature_algorithms]),
    }),
    encodeCertificateRequest,
    decodeCertificateRequest,
  ),
  messageCase(
    "Certificate",
    record({ certificateRequestContext: anyBytes(0, 8), certificateList: listOf(certificateEntry, 0, 3) }),
    encodeCertificate,
    (message) => decodeCertificate(message, everythingOffered),
  ),
  messageCase(
    "CompressedCertificate",
    record({
      algorithm: anyU16,
      uncompressedLength: fc.integer({ min: 0, max: 100_000 }),
      compressedCertificateMessage: anyBytes(1, 100),
    }),
    encodeCompressedCertificate,
    decodeCompressedCertificate,
  ),
  messageCase(
    "CertificateVerify",
    record({ algorithm: anyU16, signature: anyBytes(0, 100) }),
    encodeCertificateVerify,
    decodeCertificateVerify,
  ),
  messageCase(
    "Finished",
    record({ verifyData: anyBytes(0, 48) }),
    encodeFinished,
    decodeFinished,
    (body) => Array.from(body, (_, index) => index),
  ),
  messageCase(
    "EndOfEarlyData",
    empty,
    encodeEndOfEarlyData,
    bodiless(decodeEndOfEarlyData),
  ),
  messageCase(
    "KeyUpdate",
    record({ requestUpdate: fc.constantFrom(0, 1) }),
    encodeKeyUpdate,
    decodeKeyUpdate,
  ),
  messageCase(
    "NewSessionTicket",
    record({
      ticketLifetime: fc.integer({ min: 0, max: 604_800 }),
      ticketAgeAdd: anyU32,
      ticketNonce: anyBytes(0, 16),
      ticket: anyBytes(1, 100),
      extensions: extensionsOf("NewSessionTicket"),
    }),
    encodeNewSessionTicket,
    decodeNewSessionTicket,
  ),
  messageCase(
    "Certificate of TLS 1.2",
    record({ certificateList: listOf(anyBytes(1, 60), 0, 3) }),
    encodeCertificateTls12,
    decodeCertificateTls12,
  ),
  messageCase(
    "ServerKeyExchange",
    record({
      params: record({ namedCurve: anyU16, publicKey: anyBytes(1, 97) }),
      algorithm: anyU16,
      signature: anyBytes(0, 100),
    }),
    encodeServerKeyExchange,
    decodeServerKeyExchange,
  ),
  messageCase(
    "CertificateRequest of TLS 1.2",
    record({
      certificateTypes: listOf(anyByte, 1, 4),
      supportedSignatureAlgorithms: listOf(anyU16, 1, 8),
      certificateAuthorities: listOf(anyBytes(1, 30), 0, 3),
    }),
    encodeCertificateRequestTls12,
    decodeCertificateRequestTls12,
  ),
  messageCase(
    "ServerHelloDone",
    empty,
    encodeServerHelloDone,
    bodiless(decodeServerHelloDone),
  ),
  messageCase(
    "ClientKeyExchange for ECDHE",
    record({ publicKey: anyBytes(1, 97) }),
    clientKeyExchange.encodeEcdheClientKeyExchange,
    clientKeyExchange.decodeEcdheClientKeyExchange,
  ),
  messageCase(
    "ClientKeyExchange for RSA",
    record({ encryptedPreMasterSecret: anyBytes(0, 256) }),
    clientKeyExchange.encodeRsaClientKeyExchange,
    clientKeyExchange.decodeRsaClientKeyExchange,
  ),
  messageCase(
    "NewSessionTicket of TLS 1.2",
    record({ ticketLifetimeHint: anyU32, ticket: anyBytes(0, 100) }),
    encodeNewSessionTicketTls12,
    decodeNewSessionTicketTls12,
  ),
  messageCase(
    "CertificateStatus",
    record({ ocspResponse: anyBytes(1, 100) }),
    encodeCertificateStatus,
    decodeCertificateStatus,
  ),
  messageCase("HelloRequest", empty, encodeHelloRequest, bodiless(decodeHelloRequest)),
];
