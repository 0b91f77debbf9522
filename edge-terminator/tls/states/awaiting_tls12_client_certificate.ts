import { AlertDescription } from "../../../shared/tls_constants.ts";
import { decodeCertificateTls12 } from "../../../shared/tls_messages/certificate_tls12.ts";
import type { HandshakeMessage } from "../../../shared/tls_messages/handshake.ts";
import { encodeServerHelloDone } from "../../../shared/tls_messages/server_hello_done.ts";
import { tls12CertificateRequest } from "../client_certificates/certificate_request.ts";
import { readPeerCertificate } from "../client_certificates/peer_certificate.ts";
import type { ClientCertificatePolicy } from "../client_certificates/policy.ts";
import type { Connection } from "../connection.ts";
import { noCertificate } from "./awaiting_client_certificate.ts";
import type { AwaitingClientKeyExchange } from "./awaiting_client_key_exchange.ts";
import type { AwaitingEncryptedPremaster } from "./awaiting_encrypted_premaster.ts";
import { type AwaitingPeerVerification, requestPeerVerification } from "./awaiting_peer_verification.ts";

/** What comes after the client's Certificate: ClientKeyExchange, in one form or the other. */
export type AfterClientCertificate = AwaitingClientKeyExchange | AwaitingEncryptedPremaster;

/** TLS 1.2: the server's flight, with a CertificateRequest, is sent; the client's Certificate is next. */
export interface AwaitingTls12ClientCertificate {
  readonly name: "awaiting-tls12-client-certificate";
  readonly policy: ClientCertificatePolicy;
  readonly next: AfterClientCertificate;
}

/** Ends the server's flight, with a CertificateRequest where the site wants one (RFC 5246, Sections 7.4.4 and 7.4.5). */
export function endServerFlight(
  connection: Connection,
  next: AfterClientCertificate,
): AfterClientCertificate | AwaitingTls12ClientCertificate {
  const policy = next.handshake.clientCertificates;
  if (policy !== undefined) connection.send(tls12CertificateRequest(policy));
  connection.send(encodeServerHelloDone());
  return policy === undefined ? next : { name: "awaiting-tls12-client-certificate", policy, next };
}

/** RFC 5246, Section 7.4.6 */
export function receiveTls12ClientCertificate(
  { policy, next }: AwaitingTls12ClientCertificate,
  connection: Connection,
  message: HandshakeMessage,
): AwaitingPeerVerification | AfterClientCertificate {
  const { transcript } = connection;
  const { certificateList } = decodeCertificateTls12(message);
  if (certificateList.length === 0) {
    if (policy.mode === "required") throw noCertificate(AlertDescription.handshake_failure);
    transcript.add(message.raw);
    transcript.forgetMessages();
    return next;
  }
  const clientCertificate = readPeerCertificate(certificateList);
  transcript.add(message.raw);
  const handshake = { ...next.handshake, clientCertificate };
  const { serverName } = handshake.terms;
  return requestPeerVerification(connection, serverName, clientCertificate, { ...next, handshake });
}
