import { decodeCertificateVerify } from "../../../shared/tls_messages/certificate_verify.ts";
import type { HandshakeMessage } from "../../../shared/tls_messages/handshake.ts";
import type { PeerCertificate } from "../client_certificates/peer_certificate.ts";
import { verifyPeerSignature } from "../client_certificates/peer_signature.ts";
import type { Connection } from "../connection.ts";
import type { Tls12Secured } from "../tls12/tls12_handshake.ts";
import { type AwaitingChangeCipherSpec, expectChangeCipherSpec } from "./awaiting_change_cipher_spec.ts";

/** TLS 1.2: the client's certificate is accepted and the master secret is there; CertificateVerify is next. */
export interface AwaitingTls12CertificateVerify {
  readonly name: "awaiting-tls12-certificate-verify";
  readonly handshake: Tls12Secured;
  readonly certificate: PeerCertificate;
}

/** The master secret is there: a client with a certificate shows now that it has the key, before it encrypts. */
export function afterKeyExchange(
  connection: Connection,
  handshake: Tls12Secured,
): AwaitingChangeCipherSpec | AwaitingTls12CertificateVerify {
  const { clientCertificate: certificate } = handshake;
  return certificate === undefined
    ? expectChangeCipherSpec(connection, handshake)
    : { name: "awaiting-tls12-certificate-verify", handshake, certificate };
}

/** RFC 5246, Section 7.4.8: over every message before it, hashed as the scheme says. */
export function receiveTls12CertificateVerify(
  { handshake, certificate }: AwaitingTls12CertificateVerify,
  connection: Connection,
  message: HandshakeMessage,
): AwaitingChangeCipherSpec {
  const { transcript, options } = connection;
  const verify = decodeCertificateVerify(message);
  const policy = handshake.clientCertificates!;
  verifyPeerSignature("TLS 1.2", policy, certificate, verify, transcript.messages());
  transcript.forgetMessages();
  transcript.add(message.raw);
  const peer = {
    chain: certificate.chain,
    signatureScheme: verify.algorithm,
    authenticatedAt: options.wallClock(),
  };
  return expectChangeCipherSpec(connection, { ...handshake, peer });
}
