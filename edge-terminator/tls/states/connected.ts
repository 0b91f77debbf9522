import { AlertDescription, ContentType, KeyUpdateRequest } from "../../../shared/tls_constants.ts";
import type { HandshakeMessage } from "../../../shared/tls_messages/handshake.ts";
import { decodeKeyUpdate, encodeKeyUpdate } from "../../../shared/tls_messages/key_update.ts";
import { recordLimit, type Tls13CipherSuite } from "../cipher_suites.ts";
import type { Connection } from "../connection.ts";
import { misbehaved } from "../errors.ts";
import type { KeyingMaterialSource } from "../exporter.ts";
import type { ApplicationTrafficSecret } from "../key_schedule/application_traffic_secret.ts";
import { maxKeyUpdates } from "../record/limits.ts";
import { Tls13RecordKeys } from "../record/tls13_record_keys.ts";

/** The handshake is over: application data both ways, until each side says close_notify. */
export interface Connected {
  readonly name: "connected";
  readonly version: "TLS 1.3";
  readonly suite: Tls13CipherSuite;
  readonly client: ApplicationTrafficSecret;
  readonly server: ApplicationTrafficSecret;
  /** Undefined where nothing may be exported. */
  readonly exporter: KeyingMaterialSource | undefined;
  /** KeyUpdates of the peer since its last application data. */
  readonly keyUpdates: number;
  /** What our current key has protected, and since when. */
  readonly sent: SentUnderOneKey;
}

interface SentUnderOneKey {
  readonly bytes: number;
  readonly since: number;
}

/** Takes over the traffic secrets of a handshake that is complete. */
export function enterConnected(
  connection: Connection,
  suite: Tls13CipherSuite,
  secrets: Pick<Connected, "client" | "server" | "exporter">,
): Connected {
  const sent = { bytes: 0, since: connection.options.now() };
  return { name: "connected", version: "TLS 1.3", suite, ...secrets, keyUpdates: 0, sent };
}

/** Content of the peer's application came. */
export function receiveApplicationData(
  state: Connected,
  connection: Connection,
  data: Uint8Array,
): Connected {
  if (data.length > 0) connection.emit({ type: "application-data", data });
  return state.keyUpdates === 0 ? state : { ...state, keyUpdates: 0 };
}

/** Of the post-handshake messages only KeyUpdate is for a server (RFC 8446, Section 4.6). */
export function receivePostHandshake(
  state: Connected,
  connection: Connection,
  message: HandshakeMessage,
): Connected {
  const { requestUpdate } = decodeKeyUpdate(message);
  connection.expectEndOfFlight();
  if (state.keyUpdates >= maxKeyUpdates) {
    throw misbehaved(
      AlertDescription.unexpected_message,
      "TOO_MANY_KEY_UPDATES",
      "it renews its key over and over",
    );
  }
  const client = renew(connection, state.client);
  connection.records.setReadKeys(new Tls13RecordKeys(client.trafficKeys(state.suite.aead)));
  const next = { ...state, client, keyUpdates: state.keyUpdates + 1 };
  return requestUpdate === KeyUpdateRequest.update_requested && !connection.writeClosed
    ? updateSendingKey(next, connection)
    : next;
}

/** Sends application data, renewing our key where its use comes to the policy's bounds. */
export function sendApplicationData(
  state: Connected,
  connection: Connection,
  plaintext: Uint8Array,
): Connected {
  const { records, options } = connection;
  let current = state;
  for (let at = 0; at < plaintext.length;) {
    if (mustRenew(current, connection)) current = updateSendingKey(current, connection);
    const left = Math.min(
      options.keyUpdate.bytes - current.sent.bytes,
      (recordBudget(current, connection) - records.writeKeys!.sequence) * records.maxSentContent,
    );
    const part = plaintext.subarray(at, at + Math.max(1, left));
    records.write(ContentType.application_data, part);
    current = { ...current, sent: { ...current.sent, bytes: current.sent.bytes + part.length } };
    at += part.length;
  }
  return current;
}

/**
 * Tells the peer that our next record comes under the next key, and moves to it; the old one is zeroed.
 *
 * RFC 8446, Sections 4.6.3 and 7.2
 */
export function updateSendingKey(
  state: Connected,
  connection: Connection,
  requestPeer = false,
): Connected {
  const { records, options } = connection;
  records.write(
    ContentType.handshake,
    encodeKeyUpdate({
      requestUpdate: requestPeer ? KeyUpdateRequest.update_requested : KeyUpdateRequest.update_not_requested,
    }),
  );
  const server = renew(connection, state.server);
  records.setWriteKeys(new Tls13RecordKeys(server.trafficKeys(state.suite.aead)));
  return { ...state, server, sent: { bytes: 0, since: options.now() } };
}

function mustRenew(state: Connected, connection: Connection): boolean {
  const { records, options } = connection;
  return state.sent.bytes >= options.keyUpdate.bytes ||
    records.writeKeys!.sequence >= recordBudget(state, connection) ||
    options.now() - state.sent.since >= options.keyUpdate.milliseconds;
}

/** Records a key may protect: the policy's number, within the AEAD's limit less room for KeyUpdate and an alert. */
function recordBudget(state: Connected, connection: Connection): number {
  return Math.min(connection.options.keyUpdate.records, recordLimit[state.suite.aead] - 2);
}

function renew(connection: Connection, secret: ApplicationTrafficSecret): ApplicationTrafficSecret {
  const next = connection.keeper.keep(secret.intoNext());
  connection.keeper.release(secret);
  return next;
}
