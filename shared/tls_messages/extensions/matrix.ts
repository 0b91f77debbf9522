import { alpnProtocols, alpnSelected } from "./alpn.ts";
import { certificateAuthorities } from "./certificate_authorities.ts";
import {
  clientCertificateTypes,
  selectedClientCertificateType,
  selectedServerCertificateType,
  serverCertificateTypes,
} from "./certificate_type.ts";
import { compressCertificate } from "./compress_certificate.ts";
import { cookie } from "./cookie.ts";
import { earlyData, earlyDataNewSessionTicket } from "./early_data.ts";
import { ecPointFormats } from "./ec_point_formats.ts";
import { extendedMasterSecret } from "./extended_master_secret.ts";
import type { ExtensionCodec } from "./extension.ts";
import { keyShareClientHello, keyShareHelloRetryRequest, keyShareServerHello } from "./key_share.ts";
import { maxFragmentLength } from "./max_fragment_length.ts";
import { oidFilters } from "./oid_filters.ts";
import { padding } from "./padding.ts";
import { postHandshakeAuth } from "./post_handshake_auth.ts";
import { preSharedKeyClientHello, preSharedKeyServerHello } from "./pre_shared_key.ts";
import { pskKeyExchangeModes } from "./psk_key_exchange_modes.ts";
import { recordSizeLimit } from "./record_size_limit.ts";
import { renegotiationInfo } from "./renegotiation_info.ts";
import { serverName, serverNameAcknowledged } from "./server_name.ts";
import { sessionTicket, sessionTicketPromised } from "./session_ticket.ts";
import { signatureAlgorithms } from "./signature_algorithms.ts";
import { signatureAlgorithmsCert } from "./signature_algorithms_cert.ts";
import {
  signedCertificateTimestampRequest,
  signedCertificateTimestamps,
} from "./signed_certificate_timestamp.ts";
import { stapledOcspResponse, statusRequest, statusRequestFlag } from "./status_request.ts";
import { supportedGroups } from "./supported_groups.ts";
import { selectedVersion, supportedVersions } from "./supported_versions.ts";

/** The messages that carry extensions; TLS 1.2's ServerHello has rules of its own. */
export type ExtensionMessage =
  | "ClientHello"
  | "ServerHello"
  | "ServerHello12"
  | "HelloRetryRequest"
  | "EncryptedExtensions"
  | "CertificateRequest"
  | "CertificateEntry"
  | "NewSessionTicket";

type Row = { readonly [Message in ExtensionMessage]?: ExtensionCodec<unknown> };

/**
 * Which extension may stand in which message, and how it is written there: the table of RFC 8446, Section 4.2, with
 * the later extensions' own rules and TLS 1.2's ServerHello. A cell that is not here is forbidden.
 */
export const extensionMatrix = {
  serverName: {
    ClientHello: serverName,
    EncryptedExtensions: serverNameAcknowledged,
    ServerHello12: serverNameAcknowledged,
  },
  maxFragmentLength: {
    ClientHello: maxFragmentLength,
    EncryptedExtensions: maxFragmentLength,
    ServerHello12: maxFragmentLength,
  },
  statusRequest: {
    ClientHello: statusRequest,
    CertificateRequest: statusRequestFlag,
    CertificateEntry: stapledOcspResponse,
    ServerHello12: statusRequestFlag,
  },
  supportedGroups: { ClientHello: supportedGroups, EncryptedExtensions: supportedGroups },
  ecPointFormats: { ClientHello: ecPointFormats, ServerHello12: ecPointFormats },
  signatureAlgorithms: { ClientHello: signatureAlgorithms, CertificateRequest: signatureAlgorithms },
  alpn: { ClientHello: alpnProtocols, EncryptedExtensions: alpnSelected, ServerHello12: alpnSelected },
  signedCertificateTimestamp: {
    ClientHello: signedCertificateTimestampRequest,
    CertificateRequest: signedCertificateTimestampRequest,
    CertificateEntry: signedCertificateTimestamps,
    ServerHello12: signedCertificateTimestamps,
  },
  clientCertificateType: {
    ClientHello: clientCertificateTypes,
    EncryptedExtensions: selectedClientCertificateType,
    ServerHello12: selectedClientCertificateType,
  },
  serverCertificateType: {
    ClientHello: serverCertificateTypes,
    EncryptedExtensions: selectedServerCertificateType,
    ServerHello12: selectedServerCertificateType,
  },
  padding: { ClientHello: padding },
  extendedMasterSecret: { ClientHello: extendedMasterSecret, ServerHello12: extendedMasterSecret },
  compressCertificate: { ClientHello: compressCertificate, CertificateRequest: compressCertificate },
  recordSizeLimit: {
    ClientHello: recordSizeLimit,
    EncryptedExtensions: recordSizeLimit,
    ServerHello12: recordSizeLimit,
  },
  sessionTicket: { ClientHello: sessionTicket, ServerHello12: sessionTicketPromised },
  preSharedKey: { ClientHello: preSharedKeyClientHello, ServerHello: preSharedKeyServerHello },
  earlyData: {
    ClientHello: earlyData,
    EncryptedExtensions: earlyData,
    NewSessionTicket: earlyDataNewSessionTicket,
  },
  supportedVersions: {
    ClientHello: supportedVersions,
    ServerHello: selectedVersion,
    HelloRetryRequest: selectedVersion,
  },
  cookie: { ClientHello: cookie, HelloRetryRequest: cookie },
  pskKeyExchangeModes: { ClientHello: pskKeyExchangeModes },
  certificateAuthorities: { ClientHello: certificateAuthorities, CertificateRequest: certificateAuthorities },
  oidFilters: { CertificateRequest: oidFilters },
  postHandshakeAuth: { ClientHello: postHandshakeAuth },
  signatureAlgorithmsCert: {
    ClientHello: signatureAlgorithmsCert,
    CertificateRequest: signatureAlgorithmsCert,
  },
  keyShare: {
    ClientHello: keyShareClientHello,
    ServerHello: keyShareServerHello,
    HelloRetryRequest: keyShareHelloRetryRequest,
  },
  renegotiationInfo: { ClientHello: renegotiationInfo, ServerHello12: renegotiationInfo },
} as const satisfies Readonly<Record<string, Row>>;

type Matrix = typeof extensionMatrix;

/** The decoded extensions of one kind of message, by name; one that was not sent is absent. */
export type KnownExtensions<Message extends ExtensionMessage> = {
  readonly [
    Name in keyof Matrix as Matrix[Name] extends Record<Message, unknown> ? Name : never
  ]?: Matrix[Name] extends Record<Message, ExtensionCodec<infer Value>> ? Value : never;
};

/** A cell of the matrix as the decoder wants it. */
export interface MatrixCell {
  /** The property of KnownExtensions. */
  readonly name: string;
  /** Undefined: this message must not carry the extension. */
  readonly codec: ExtensionCodec<unknown> | undefined;
}

const columns = new Map<ExtensionMessage, Map<number, MatrixCell>>();

/** The matrix's column for a message: every extension that we know, by number. */
export function matrixColumn(message: ExtensionMessage): ReadonlyMap<number, MatrixCell> {
  let column = columns.get(message);
  if (column === undefined) {
    column = new Map();
    for (const [name, row] of Object.entries<Row>(extensionMatrix)) {
      const type = Object.values(row)[0]!.type;
      column.set(type, { name, codec: row[message] });
    }
    columns.set(message, column);
  }
  return column;
}
