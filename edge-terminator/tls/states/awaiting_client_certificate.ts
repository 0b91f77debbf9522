import { AlertDescription } from "../../../shared/tls_constants.ts";
import { decodeCertificate } from "../../../shared/tls_messages/certificate.ts";
import { illegalParameter } from "../../../shared/tls_messages/errors.ts";
import type { HandshakeMessage } from "../../../shared/tls_messages/handshake.ts";
import { offeredExtensions } from "../client_certificates/certificate_request.ts";
import { readPeerCertificate } from "../client_certificates/peer_certificate.ts";
import type { ClientCertificatePolicy } from "../client_certificates/policy.ts";
import type { Connection } from "../connection.ts";
import { nothingInCommon } from "../errors.ts";
import type { AwaitingFinished } from "./awaiting_finished.ts";
import { type AwaitingPeerVerification, requestPeerVerification } from "./awaiting_peer_verification.ts";
import type { Tls13FlightSent } from "./tls13_handshake.ts";

/** The server's flight, with a CertificateRequest, is sent; the client's Certificate is next, be it an empty one. */
export interface AwaitingClientCertificate {
  readonly name: "awaiting-client-certificate";
  readonly sent: Tls13FlightSent;
  readonly policy: ClientCertificatePolicy;
}

/** RFC 8446, Section 4.4.2 */
export function receiveClientCertificate(
  { sent, policy }: AwaitingClientCertificate,
  connection: Connection,
  message: HandshakeMessage,
): AwaitingPeerVerification | AwaitingFinished {
  const { transcript } = connection;
  const { certificateRequestContext, certificateList } = decodeCertificate(
    message,
    offeredExtensions(policy),
  );
  if (certificateRequestContext.length > 0) {
    throw illegalParameter(
      "DECODE_ERROR",
      "Cannot accept Certificate: it answers a request that was not made",
    );
  }
  if (certificateList.length === 0) {
    // RFC 8446, Section 4.4.2.4
    if (policy.mode === "required") throw noCertificate(AlertDescription.certificate_required);
    transcript.add(message.raw);
    return { name: "awaiting-finished", sent, finishedHash: transcript.hash("client-certificate") };
  }
  const certificate = readPeerCertificate(certificateList.map((entry) => entry.certificate));
  transcript.add(message.raw);
  return requestPeerVerification(connection, sent.handshake.choice.serverName, certificate, {
    name: "awaiting-certificate-verify",
    sent,
    policy,
    certificate,
    signedHash: transcript.hash("client-certificate"),
  });
}

/** The error for a client that has to have a certificate and has none; the alert differs between the versions. */
export function noCertificate(alert: AlertDescription) {
  return nothingInCommon(alert, "PEER_DID_NOT_RETURN_A_CERTIFICATE", "it has no certificate");
}
