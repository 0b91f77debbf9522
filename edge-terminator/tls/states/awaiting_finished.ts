import { constantTimeEqual } from "../../../shared/libcrypto/constant_time.ts";
import { AlertDescription, ProtocolVersion } from "../../../shared/tls_constants.ts";
import { decodeFinished, encodeFinished } from "../../../shared/tls_messages/finished.ts";
import type { HandshakeMessage } from "../../../shared/tls_messages/handshake.ts";
import type { Connection } from "../connection.ts";
import { misbehaved } from "../errors.ts";
import type { ApplicationTrafficSecret } from "../key_schedule/application_traffic_secret.ts";
import type { ClientHandshakeTrafficSecret } from "../key_schedule/handshake_traffic_secret.ts";
import type { TranscriptHash } from "../key_schedule/transcript_hash.ts";
import type { MasterSecret } from "../key_schedule/master_secret.ts";
import { Tls13RecordKeys } from "../record/tls13_record_keys.ts";
import type { NegotiatedParameters } from "../server_events.ts";
import { sendNewSessionTickets } from "../tickets/tls13_new_session_ticket.ts";
import { type Connected, enterConnected } from "./connected.ts";
import type { Tls13Handshake } from "./tls13_handshake.ts";

/** The server's flight is sent; the client's Finished is next. */
export interface AwaitingFinished {
  readonly name: "awaiting-finished";
  readonly handshake: Tls13Handshake;
  readonly clientApplicationSecret: ApplicationTrafficSecret;
  readonly serverApplicationSecret: ApplicationTrafficSecret;
  /** Only kept for tickets. */
  readonly master: MasterSecret | undefined;
  /** What the client's Finished covers. */
  readonly finishedHash: TranscriptHash<"server-finished">;
}

/**
 * Sends Finished and moves to the application keys for writing (RFC 8446, Sections 4.4.4 and 7.1): nothing but
 * alerts and application data is sent any more.
 */
export function sendFinished(
  connection: Connection,
  handshake: Tls13Handshake,
  covers: TranscriptHash<"certificate-verify" | "encrypted-extensions">,
): AwaitingFinished {
  const { keeper, transcript, records } = connection;
  connection.send(encodeFinished({ verifyData: handshake.serverSecret.finishedVerifyData(covers) }));
  keeper.release(handshake.serverSecret);
  const finishedHash = transcript.hash("server-finished");
  const master = keeper.keep(handshake.handshakeSecret.intoMasterSecret());
  keeper.release(handshake.handshakeSecret);
  const clientApplicationSecret = keeper.keep(master.clientApplicationTrafficSecret(finishedHash));
  const serverApplicationSecret = keeper.keep(master.serverApplicationTrafficSecret(finishedHash));
  records.setWriteKeys(new Tls13RecordKeys(serverApplicationSecret.trafficKeys(handshake.choice.suite.aead)));
  if (!handshake.issuesTickets) keeper.release(master);
  return {
    name: "awaiting-finished",
    handshake,
    clientApplicationSecret,
    serverApplicationSecret,
    master: handshake.issuesTickets ? master : undefined,
    finishedHash,
  };
}

/** RFC 8446, Section 4.4.4 */
export function receiveFinished(
  state: AwaitingFinished,
  connection: Connection,
  message: HandshakeMessage,
): Connected {
  const { handshake } = state;
  verifyFinished(handshake.clientSecret, state.finishedHash, decodeFinished(message).verifyData);
  connection.expectEndOfFlight();
  connection.transcript.add(message.raw);
  connection.records.setReadKeys(
    new Tls13RecordKeys(state.clientApplicationSecret.trafficKeys(handshake.choice.suite.aead)),
  );
  if (state.master !== undefined) issueTickets(connection, handshake, state.master);
  connection.keeper.release(handshake.clientSecret, connection.transcript);
  connection.emit({ type: "handshake-complete", parameters: negotiated(handshake) });
  return enterConnected(connection, handshake.choice.suite, {
    client: state.clientApplicationSecret,
    server: state.serverApplicationSecret,
  });
}

function issueTickets(connection: Connection, handshake: Tls13Handshake, master: MasterSecret): void {
  using resumption = master.intoResumptionMasterSecret(connection.transcript.hash("client-finished"));
  connection.keeper.release(master);
  sendNewSessionTickets(connection, handshake, resumption);
}

function verifyFinished(
  secret: ClientHandshakeTrafficSecret,
  covers: TranscriptHash<"server-finished">,
  verifyData: Uint8Array,
): void {
  const expected = secret.finishedVerifyData(covers);
  if (expected.length !== verifyData.length || !constantTimeEqual(expected, verifyData)) {
    throw misbehaved(AlertDescription.decrypt_error, "DIGEST_CHECK_FAILED", "its Finished does not verify");
  }
}

function negotiated({ choice, authentication, helloRetryRequest }: Tls13Handshake): NegotiatedParameters {
  return {
    version: ProtocolVersion.TLSv1_3,
    cipherSuite: choice.suite.id,
    group: choice.group.id,
    signatureScheme: "psk" in authentication ? 0 : authentication.signatureScheme,
    ...(choice.serverName === undefined ? {} : { serverName: choice.serverName }),
    ...(choice.alpnProtocol === undefined ? {} : { alpnProtocol: choice.alpnProtocol }),
    resumed: "psk" in authentication,
    helloRetryRequest,
  };
}
