import { constantTimeEqual } from "../../../shared/libcrypto/constant_time.ts";
import { AlertDescription, ProtocolVersion } from "../../../shared/tls_constants.ts";
import { decodeFinished } from "../../../shared/tls_messages/finished.ts";
import type { HandshakeMessage } from "../../../shared/tls_messages/handshake.ts";
import type { Connection } from "../connection.ts";
import type { AuthenticatedPeer } from "../client_certificates/peer.ts";
import { misbehaved } from "../errors.ts";
import type { ClientHandshakeTrafficSecret } from "../key_schedule/handshake_traffic_secret.ts";
import type { TranscriptHash } from "../key_schedule/transcript_hash.ts";
import type { MasterSecret } from "../key_schedule/master_secret.ts";
import { Tls13RecordKeys } from "../record/tls13_record_keys.ts";
import type { NegotiatedParameters } from "../server_events.ts";
import { sendNewSessionTickets } from "../tickets/tls13_new_session_ticket.ts";
import { type Connected, enterConnected } from "./connected.ts";
import type { Tls13FlightSent, Tls13Handshake } from "./tls13_handshake.ts";

/** The server's flight is sent, and the client's certificate, where one was asked for, is dealt with. */
export interface AwaitingFinished {
  readonly name: "awaiting-finished";
  readonly sent: Tls13FlightSent;
  /** What the client's Finished covers. */
  readonly finishedHash: FinishedHash;
  readonly peer?: AuthenticatedPeer | undefined;
}

type FinishedHash = TranscriptHash<"server-finished" | "client-certificate" | "client-certificate-verify">;

/** RFC 8446, Section 4.4.4 */
export function receiveFinished(
  { sent, finishedHash, peer }: AwaitingFinished,
  connection: Connection,
  message: HandshakeMessage,
): Connected {
  const { handshake, clientApplicationSecret, serverApplicationSecret, exporter, master } = sent;
  const { suite } = handshake.choice;
  verifyFinished(handshake.clientSecret, finishedHash, decodeFinished(message).verifyData);
  connection.expectEndOfFlight();
  connection.transcript.add(message.raw);
  connection.records.setReadKeys(
    new Tls13RecordKeys(clientApplicationSecret.trafficKeys(suite.aead)),
  );
  if (master !== undefined) issueTickets(connection, handshake, peer, master);
  connection.keeper.release(handshake.clientSecret, connection.transcript);
  connection.emit({ type: "handshake-complete", parameters: negotiated(handshake, peer) });
  return enterConnected(connection, suite, {
    client: clientApplicationSecret,
    server: serverApplicationSecret,
    exporter: exporter && { version: "TLS 1.3", hash: suite.hash, secret: exporter },
  });
}

function issueTickets(
  connection: Connection,
  handshake: Tls13Handshake,
  peer: AuthenticatedPeer | undefined,
  master: MasterSecret,
): void {
  using resumption = master.intoResumptionMasterSecret(connection.transcript.hash("client-finished"));
  connection.keeper.release(master);
  sendNewSessionTickets(connection, handshake, peer, resumption);
}

function verifyFinished(
  secret: ClientHandshakeTrafficSecret,
  covers: FinishedHash,
  verifyData: Uint8Array,
): void {
  const expected = secret.finishedVerifyData(covers);
  if (expected.length !== verifyData.length || !constantTimeEqual(expected, verifyData)) {
    throw misbehaved(AlertDescription.decrypt_error, "DIGEST_CHECK_FAILED", "its Finished does not verify");
  }
}

function negotiated(
  { choice, authentication, helloRetryRequest }: Tls13Handshake,
  peer: AuthenticatedPeer | undefined,
): NegotiatedParameters {
  return {
    version: ProtocolVersion.TLSv1_3,
    cipherSuite: choice.suite.id,
    group: choice.group.id,
    signatureScheme: "psk" in authentication ? 0 : authentication.signatureScheme,
    ...(choice.serverName === undefined ? {} : { serverName: choice.serverName }),
    ...(choice.alpnProtocol === undefined ? {} : { alpnProtocol: choice.alpnProtocol }),
    resumed: "psk" in authentication,
    extendedMasterSecret: true,
    helloRetryRequest,
    ...("psk" in authentication ? { ticketAgeSkew: authentication.ageSkew } : {}),
    ...(peer === undefined ? {} : { peer }),
  };
}
