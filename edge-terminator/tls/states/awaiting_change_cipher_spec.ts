import type { Connection } from "../connection.ts";
import type { TrafficKeys } from "../key_schedule/traffic_keys.ts";
import { Tls12RecordKeys } from "../record/tls12_record_keys.ts";
import type { Tls12Secured } from "../tls12/tls12_handshake.ts";
import { type AwaitingTls12Finished, sendTls12Finished } from "./awaiting_tls12_finished.ts";

/** TLS 1.2: the keys are derived; the client's change_cipher_spec says from where on it uses them. */
export interface AwaitingChangeCipherSpec {
  readonly name: "awaiting-change-cipher-spec";
  readonly handshake: Tls12Secured;
  readonly clientKeys: TrafficKeys;
  /** Undefined once the server writes under them, which a resumption does first. */
  readonly serverKeys: TrafficKeys | undefined;
}

/** Derives both directions' keys (RFC 5246, Section 6.3). */
export function expectChangeCipherSpec(
  connection: Connection,
  handshake: Tls12Secured,
): AwaitingChangeCipherSpec {
  const { client, server } = handshake.master.trafficKeys(handshake.terms.suite, handshake.randoms);
  const clientKeys = connection.keeper.keep(client);
  const serverKeys = connection.keeper.keep(server);
  return { name: "awaiting-change-cipher-spec", handshake, clientKeys, serverKeys };
}

/** In a resumption the server's Finished goes first. */
export function resumeWithFinished(
  connection: Connection,
  handshake: Tls12Secured,
): AwaitingChangeCipherSpec {
  const { serverKeys, ...state } = expectChangeCipherSpec(connection, handshake);
  sendTls12Finished(connection, handshake, serverKeys!);
  return { ...state, serverKeys: undefined };
}

/** RFC 5246, Section 7.1: what follows is encrypted. */
export function receiveChangeCipherSpec(
  state: AwaitingChangeCipherSpec,
  connection: Connection,
): AwaitingTls12Finished {
  const { handshake, clientKeys, serverKeys } = state;
  connection.records.setReadKeys(new Tls12RecordKeys(connection.keeper.handOver(clientKeys)), "TLS 1.2");
  return { name: "awaiting-tls12-finished", handshake, serverKeys };
}
