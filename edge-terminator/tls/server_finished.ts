import { encodeFinished } from "../../shared/tls_messages/finished.ts";
import type { AuthenticatedPeer } from "./client_certificates/peer.ts";
import type { Connection } from "./connection.ts";
import type { TranscriptHash } from "./key_schedule/transcript_hash.ts";
import { Tls13RecordKeys } from "./record/tls13_record_keys.ts";
import type { AwaitingFinished } from "./states/awaiting_finished.ts";
import type { Tls13FlightSent, Tls13Handshake } from "./states/tls13_handshake.ts";

/**
 * Sends Finished and moves to the application keys for writing (RFC 8446, Sections 4.4.4 and 7.1): nothing but
 * alerts and application data is sent any more.
 */
export function sendFinished(
  connection: Connection,
  handshake: Tls13Handshake,
  covers: TranscriptHash<"certificate-verify" | "encrypted-extensions">,
): Tls13FlightSent {
  const { keeper, transcript, records } = connection;
  connection.send(encodeFinished({ verifyData: handshake.serverSecret.finishedVerifyData(covers) }));
  keeper.release(handshake.serverSecret);
  const finishedHash = transcript.hash("server-finished");
  const master = keeper.keep(handshake.handshakeSecret.intoMasterSecret());
  keeper.release(handshake.handshakeSecret);
  const clientApplicationSecret = keeper.keep(master.clientApplicationTrafficSecret(finishedHash));
  const serverApplicationSecret = keeper.keep(master.serverApplicationTrafficSecret(finishedHash));
  const exporter = connection.options.exportsKeyingMaterial
    ? keeper.keep(master.exporterMasterSecret(finishedHash))
    : undefined;
  records.setWriteKeys(new Tls13RecordKeys(serverApplicationSecret.trafficKeys(handshake.choice.suite.aead)));
  if (!handshake.issuesTickets) keeper.release(master);
  return {
    handshake,
    clientApplicationSecret,
    serverApplicationSecret,
    exporter,
    master: handshake.issuesTickets ? master : undefined,
  };
}

/** A resumption proves both sides by its session: no certificate is asked for, the peer is the session's. */
export function resumeWithFinished(
  connection: Connection,
  handshake: Tls13Handshake,
  peer: AuthenticatedPeer | undefined,
): AwaitingFinished {
  const { transcript } = connection;
  const sent = sendFinished(connection, handshake, transcript.hash("encrypted-extensions"));
  return { name: "awaiting-finished", sent, finishedHash: transcript.hash("server-finished"), peer };
}
