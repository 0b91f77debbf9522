import { AlertDescription, ContentType } from "../../../shared/tls_constants.ts";
import { InternalFailure } from "../../../shared/tls_messages/errors.ts";
import { recordLimit, type Tls12CipherSuite } from "../cipher_suites.ts";
import type { Connection } from "../connection.ts";
import { misbehaved } from "../errors.ts";
import type { KeyingMaterialSource } from "../exporter.ts";

/** The handshake of TLS 1.2 is over. The keys are the record layer's; the master secret is gone, but for an exporter. */
export interface ConnectedTls12 {
  readonly name: "connected";
  readonly version: "TLS 1.2";
  readonly suite: Tls12CipherSuite;
  /** Undefined where nothing may be exported. */
  readonly exporter: KeyingMaterialSource | undefined;
}

/** Whatever handshake message comes now wants to renegotiate, which is refused (RFC 9325, Section 3.5). */
export function refuseRenegotiation(): never {
  throw misbehaved(AlertDescription.no_renegotiation, "NO_RENEGOTIATION", "it wants to renegotiate");
}

/** TLS 1.2 cannot renew a key: at the AEAD's limit the connection ends (RFC 9325, Section 4.4). */
export function sendTls12ApplicationData(
  state: ConnectedTls12,
  connection: Connection,
  plaintext: Uint8Array,
): void {
  const { records } = connection;
  const needed = Math.ceil(plaintext.length / records.maxSentContent);
  if (records.writeKeys!.sequence + needed > recordLimit[state.suite.aead]) {
    throw new InternalFailure("Cannot send: the key has protected all it may", {
      reason: "TOO_MANY_RECORDS",
    });
  }
  records.write(ContentType.application_data, plaintext);
}
