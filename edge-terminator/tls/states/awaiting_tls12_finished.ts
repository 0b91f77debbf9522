import { AlertDescription } from "../../../shared/tls_constants.ts";
import { decodeFinished, encodeFinished } from "../../../shared/tls_messages/finished.ts";
import type { HandshakeMessage } from "../../../shared/tls_messages/handshake.ts";
import type { Connection } from "../connection.ts";
import { misbehaved } from "../errors.ts";
import type { TrafficKeys } from "../key_schedule/traffic_keys.ts";
import { Tls12RecordKeys } from "../record/tls12_record_keys.ts";
import { keepSession } from "../sessions/tls12_session_id.ts";
import { negotiatedTls12, type Tls12Secured } from "../tls12/tls12_handshake.ts";
import { sendTls12Ticket } from "../tickets/tls12_ticket.ts";
import type { ConnectedTls12 } from "./connected_tls12.ts";

/** TLS 1.2: the client encrypts; its Finished is next. */
export interface AwaitingTls12Finished {
  readonly name: "awaiting-tls12-finished";
  readonly handshake: Tls12Secured;
  /** Undefined in a resumption: our own Finished went first. */
  readonly serverKeys: TrafficKeys | undefined;
}

/** RFC 5246, Section 7.4.9 */
export function receiveTls12Finished(
  { handshake, serverKeys }: AwaitingTls12Finished,
  connection: Connection,
  message: HandshakeMessage,
): ConnectedTls12 {
  const { keeper, transcript } = connection;
  const { master } = handshake;
  const { verifyData } = decodeFinished(message);
  if (!master.verifies(verifyData, transcript.hash("client-key-exchange"))) {
    throw misbehaved(AlertDescription.decrypt_error, "DIGEST_CHECK_FAILED", "its Finished does not verify");
  }
  connection.expectEndOfFlight();
  transcript.add(message.raw);
  const resumed = serverKeys === undefined;
  if (!resumed) {
    if (handshake.promisesTicket) sendTls12Ticket(connection, handshake);
    sendTls12Finished(connection, handshake, serverKeys);
  }
  keepSession(connection, handshake);
  // RFC 7627, Section 5.4: without an extended master secret nothing may be exported.
  const exports = connection.options.exportsKeyingMaterial && handshake.extendedMasterSecret;
  if (!exports) keeper.release(master);
  keeper.release(transcript);
  connection.emit({ type: "handshake-complete", parameters: negotiatedTls12(handshake, resumed) });
  return {
    name: "connected",
    version: "TLS 1.2",
    suite: handshake.terms.suite,
    exporter: exports ? { version: "TLS 1.2", secret: master, randoms: handshake.randoms } : undefined,
  };
}

/** change_cipher_spec, then Finished under the new keys, which become the record layer's. */
export function sendTls12Finished(
  connection: Connection,
  { master, maxSentContent }: Tls12Secured,
  serverKeys: TrafficKeys,
): void {
  const { keeper, records, transcript } = connection;
  records.writeChangeCipherSpec();
  records.setWriteKeys(new Tls12RecordKeys(keeper.handOver(serverKeys)));
  records.maxSentContent = maxSentContent;
  connection.send(
    encodeFinished({ verifyData: master.verifyData("server", transcript.hash("client-finished")) }),
  );
}
