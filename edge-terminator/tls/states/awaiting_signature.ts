import { encodeCertificateVerify } from "../../../shared/tls_messages/certificate_verify.ts";
import type { Connection } from "../connection.ts";
import type { Tls13Signer } from "../tls13_choice.ts";
import { sendFinished } from "../server_finished.ts";
import type { AwaitingClientCertificate } from "./awaiting_client_certificate.ts";
import type { AwaitingFinished } from "./awaiting_finished.ts";
import type { Tls13Handshake } from "./tls13_handshake.ts";

/** ServerHello to Certificate are written; CertificateVerify waits for the private key, wherever that is. */
export interface AwaitingSignature {
  readonly name: "awaiting-signature";
  readonly handshake: Tls13Handshake;
  readonly signer: Tls13Signer;
}

/** Asks for the signature of CertificateVerify over everything through Certificate. */
export function requestSignature(
  connection: Connection,
  handshake: Tls13Handshake,
  signer: Tls13Signer,
): AwaitingSignature {
  const { choice } = handshake;
  const { transcript, records, options } = connection;
  const messages = transcript.messages();
  connection.emit({
    type: "signature-needed",
    request: {
      kind: "tls13-certificate-verify",
      scheme: signer.signatureScheme,
      certificate: signer.certificate,
      ...(choice.serverName === undefined ? {} : { serverName: choice.serverName }),
      hash: choice.suite.hash,
      transcriptHash: transcript.hash("certificate"),
      handshakeMessages: () => messages,
    },
  });
  transcript.forgetMessages();
  if (options.sendsFlightEarly) records.flushHandshake();
  return { name: "awaiting-signature", handshake, signer };
}

/** RFC 8446, Section 4.4.3 */
export function receiveSignature(
  { handshake, signer }: AwaitingSignature,
  connection: Connection,
  signature: Uint8Array,
): AwaitingClientCertificate | AwaitingFinished {
  connection.send(encodeCertificateVerify({ algorithm: signer.signatureScheme, signature }));
  const sent = sendFinished(connection, handshake, connection.transcript.hash("certificate-verify"));
  return handshake.clientCertificates === undefined
    ? { name: "awaiting-finished", sent, finishedHash: connection.transcript.hash("server-finished") }
    : { name: "awaiting-client-certificate", sent, policy: handshake.clientCertificates };
}
