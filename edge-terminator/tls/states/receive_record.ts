import { AlertDescription, ContentType } from "../../../shared/tls_constants.ts";
import { unexpectedMessage } from "../../../shared/tls_messages/errors.ts";
import type { Connection } from "../connection.ts";
import { AlertReceived } from "../errors.ts";
import type { Incoming } from "../record/record_layer.ts";
import { receiveChangeCipherSpec } from "./awaiting_change_cipher_spec.ts";
import { receiveApplicationData } from "./connected.ts";
import type { State } from "./state.ts";

/** Takes what a record carried; handshake content only as far as the reassembler, which makes messages of it. */
export function receiveRecord(state: State, connection: Connection, { type, content }: Incoming): State {
  if (type === ContentType.alert) return receiveAlert(state, connection, content);
  if (type === ContentType.change_cipher_spec) return takeChangeCipherSpec(state, connection, content);
  const { handshake, alerts, version } = connection;
  if (content.length > 0) alerts.reset();
  if (type === ContentType.handshake) {
    if (content.length === 0 && version !== undefined) throw unexpectedRecord("a handshake record is empty");
    handshake.push(content);
    return state;
  }
  if (type !== ContentType.application_data || state.name !== "connected" || !handshake.isEmpty) {
    throw unexpectedRecord(`a record of type ${type} came`);
  }
  if (state.version === "TLS 1.3") return receiveApplicationData(state, connection, content);
  if (content.length > 0) connection.emit({ type: "application-data", data: content });
  return state;
}

function receiveAlert(state: State, connection: Connection, content: Uint8Array): State {
  if (!connection.alerts.read(content, connection.version)) return state;
  if (state.name !== "connected") throw new AlertReceived(AlertDescription.close_notify, "close_notify");
  connection.readClosed = true;
  connection.emit({ type: "close-notify" });
  return connection.writeClosed ? { name: "closed" } : state;
}

/**
 * TLS 1.2 awaits its change_cipher_spec in a state of its own. In TLS 1.3 it means nothing and is dropped between the
 * first ClientHello and Finished (RFC 8446, Section 5).
 */
function takeChangeCipherSpec(state: State, connection: Connection, content: Uint8Array): State {
  const { handshake, version } = connection;
  const wellFormed = content.length === 1 && content[0] === 1 && handshake.isEmpty;
  if (wellFormed && state.name === "awaiting-change-cipher-spec") {
    return receiveChangeCipherSpec(state, connection);
  }
  const dropped = version === "TLS 1.3" && state.name !== "awaiting-client-hello" &&
    state.name !== "connected";
  if (!wellFormed || !dropped) throw unexpectedRecord("a change_cipher_spec came");
  return state;
}

function unexpectedRecord(why: string) {
  return unexpectedMessage(`Cannot go on with the peer: ${why}`, "UNEXPECTED_RECORD");
}
