import { encodeExtension } from "../../shared/tls_messages/extensions/extension.ts";
import { extensionMatrix } from "../../shared/tls_messages/extensions/matrix.ts";
import type { Extension } from "../../shared/tls_messages/extensions/extension.ts";
import { ProtocolVersion } from "../../shared/tls_constants.ts";
import type { ClientHello } from "../../shared/tls_messages/client_hello.ts";
import { encodeEncryptedExtensions } from "../../shared/tls_messages/encrypted_extensions.ts";
import { encodeServerHello, tls13ServerHelloConstants } from "../../shared/tls_messages/server_hello.ts";
import { tls13CertificateRequest } from "./client_certificates/certificate_request.ts";
import { certificateMessage } from "./certificate_message.ts";
import type { Connection } from "./connection.ts";
import { ticketDomainOf } from "./site.ts";
import type { ServerShare } from "./key_exchange/server_share.ts";
import { EarlySecret } from "./key_schedule/early_secret.ts";
import { maxPlaintext } from "./record/limits.ts";
import { Tls13RecordKeys } from "./record/tls13_record_keys.ts";
import { type AwaitingSignature, requestSignature } from "./states/awaiting_signature.ts";
import type { AwaitingFinished } from "./states/awaiting_finished.ts";
import { resumeWithFinished } from "./server_finished.ts";
import type { Tls13Handshake, Tls13Plan } from "./states/tls13_handshake.ts";
import { acceptsTickets } from "./tickets/tls13_psk.ts";

/**
 * Writes ServerHello, EncryptedExtensions, CertificateRequest where the site wants one, and Certificate, and asks for
 * the signature; in a resumption Finished comes at once (RFC 8446, Section 2).
 *
 * `share.sharedSecret` is consumed.
 */
export function sendServerFlight(
  connection: Connection,
  plan: Tls13Plan,
  share: ServerShare,
): AwaitingSignature | AwaitingFinished {
  using _sharedSecret = share.sharedSecret;
  const { hello, authentication } = plan;
  connection.send(serverHello(connection, plan, share));
  // After a HelloRetryRequest the change_cipher_spec has been sent (RFC 8446, Appendix D.4).
  if (!plan.helloRetryRequest) sendCompatibleChangeCipherSpec(connection, hello);
  const handshake = startEncryption(connection, plan, share);
  connection.send(encodeEncryptedExtensions(encryptedExtensions(plan)));
  if ("psk" in authentication) {
    return resumeWithFinished(connection, handshake, authentication.session.clientAuthentication.peer);
  }
  if (handshake.clientCertificates !== undefined) {
    connection.send(tls13CertificateRequest(handshake.clientCertificates));
  }
  connection.send(certificateMessage(connection.options, hello, authentication.certificate));
  return requestSignature(connection, handshake, authentication);
}

/** RFC 8446, Appendix D.4: after the first message to a client that asks for it by a session id. */
export function sendCompatibleChangeCipherSpec({ options, records }: Connection, hello: ClientHello): void {
  if (hello.legacySessionId.length > 0 || options.alwaysSendsChangeCipherSpec) {
    records.writeChangeCipherSpec();
  }
}

/** RFC 8446, Section 4.1.3 */
function serverHello(connection: Connection, plan: Tls13Plan, share: ServerShare): Uint8Array {
  const { hello, choice, authentication } = plan;
  const { keyShare, preSharedKey, supportedVersions } = extensionMatrix;
  const extensions = "psk" in authentication
    ? [encodeExtension(preSharedKey.ServerHello, authentication.index)]
    : [];
  extensions.push(
    encodeExtension(keyShare.ServerHello, { group: choice.group.id, keyExchange: share.keyExchange }),
    encodeExtension(supportedVersions.ServerHello, ProtocolVersion.TLSv1_3),
  );
  return encodeServerHello({
    ...tls13ServerHelloConstants,
    random: connection.options.randomBytes(32),
    legacySessionIdEcho: hello.legacySessionId,
    cipherSuite: choice.suite.id,
    extensions,
  });
}

/** From ServerHello on both sides encrypt (RFC 8446, Section 7.1). An accepted PSK is used up here. */
function startEncryption(connection: Connection, plan: Tls13Plan, share: ServerShare): Tls13Handshake {
  const { pool, keeper, transcript, records, options } = connection;
  const { hello, site, choice, authentication, helloRetryRequest } = plan;
  const { hash, aead } = choice.suite;
  const psk = "psk" in authentication ? authentication.psk : undefined;
  using early = EarlySecret.extract(pool, hash, psk);
  keeper.release(psk);
  const handshakeSecret = keeper.keep(early.intoHandshakeSecret(share.sharedSecret));
  const transcriptHash = transcript.hash("server-hello");
  const clientSecret = keeper.keep(handshakeSecret.clientTrafficSecret(transcriptHash));
  const serverSecret = keeper.keep(handshakeSecret.serverTrafficSecret(transcriptHash));
  records.setWriteKeys(new Tls13RecordKeys(serverSecret.trafficKeys(aead)));
  records.setReadKeys(new Tls13RecordKeys(clientSecret.trafficKeys(aead)));
  // RFC 8449, Section 4: the limit counts the content type, and is for protected records.
  const { recordSizeLimit } = hello.known;
  if (recordSizeLimit !== undefined) {
    records.maxSentContent = Math.min(options.maxSentContent, recordSizeLimit - 1);
  }
  const epoch = site.resumptionEpoch ?? 0;
  const issuesTickets = options.tickets !== undefined && acceptsTickets(hello);
  return {
    choice,
    authentication,
    epoch,
    ticketDomain: ticketDomainOf(site),
    issuesTickets,
    clientCertificates: site.clientCertificates,
    helloRetryRequest,
    handshakeSecret,
    clientSecret,
    serverSecret,
  };
}

/** RFC 8446, Section 4.3.1: the answers that need not be known before the keys are. */
function encryptedExtensions({ hello, site, choice, authentication }: Tls13Plan): Extension[] {
  const { serverName, alpnProtocol } = choice;
  const extensions: Extension[] = [];
  // RFC 6066, Section 3: not in a resumption.
  const acknowledges = site.acknowledgesServerName ?? true;
  if (serverName !== undefined && acknowledges && !("psk" in authentication)) {
    extensions.push(encodeExtension(extensionMatrix.serverName.EncryptedExtensions, true));
  }
  if (alpnProtocol !== undefined) {
    extensions.push(encodeExtension(extensionMatrix.alpn.EncryptedExtensions, alpnProtocol));
  }
  if (hello.known.recordSizeLimit !== undefined) {
    extensions.push(encodeExtension(extensionMatrix.recordSizeLimit.EncryptedExtensions, maxPlaintext + 1));
  }
  return extensions;
}
