import { decodeCertificateVerify } from "../../../shared/tls_messages/certificate_verify.ts";
import type { HandshakeMessage } from "../../../shared/tls_messages/handshake.ts";
import type { PeerCertificate } from "../client_certificates/peer_certificate.ts";
import { verifyPeerSignature } from "../client_certificates/peer_signature.ts";
import type { ClientCertificatePolicy } from "../client_certificates/policy.ts";
import type { Connection } from "../connection.ts";
import type { TranscriptHash } from "../key_schedule/transcript_hash.ts";
import type { AwaitingFinished } from "./awaiting_finished.ts";
import type { Tls13FlightSent } from "./tls13_handshake.ts";

/** The client's certificate is accepted; that the client has its key, CertificateVerify shows. */
export interface AwaitingCertificateVerify {
  readonly name: "awaiting-certificate-verify";
  readonly sent: Tls13FlightSent;
  readonly policy: ClientCertificatePolicy;
  readonly certificate: PeerCertificate;
  readonly signedHash: TranscriptHash<"client-certificate">;
}

/** RFC 8446, Section 4.4.3 */
export function receiveCertificateVerify(
  { sent, policy, certificate, signedHash }: AwaitingCertificateVerify,
  { transcript, options }: Connection,
  message: HandshakeMessage,
): AwaitingFinished {
  const verify = decodeCertificateVerify(message);
  verifyPeerSignature("TLS 1.3", policy, certificate, verify, signedContent(signedHash));
  transcript.add(message.raw);
  return {
    name: "awaiting-finished",
    sent,
    finishedHash: transcript.hash("client-certificate-verify"),
    peer: {
      chain: certificate.chain,
      signatureScheme: verify.algorithm,
      authenticatedAt: options.wallClock(),
    },
  };
}

const context = new TextEncoder().encode(`${" ".repeat(64)}TLS 1.3, client CertificateVerify\0`);

function signedContent(transcriptHash: Uint8Array): Uint8Array {
  const content = new Uint8Array(context.length + transcriptHash.length);
  content.set(context);
  content.set(transcriptHash, context.length);
  return content;
}
