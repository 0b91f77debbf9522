import { AlertDescription, ExtensionType } from "../../tls_constants.ts";
import { PeerMisbehaved } from "../errors.ts";
import type { ExtensionCodec } from "./extension.ts";

/** renegotiated_connection: empty in a first handshake, the only kind there is here (RFC 5746, Section 3.2). */
export const renegotiationInfo: ExtensionCodec<Uint8Array> = {
  type: ExtensionType.renegotiation_info,
  reason: "RENEGOTIATION_ENCODING_ERR",
  decode: (reader) => reader.vector8(),
  encode: (writer, renegotiatedConnection) => writer.vector8(renegotiatedConnection),
};

/** Refuses a ClientHello of TLS 1.2 that claims to renegotiate (RFC 5746, Section 3.6). Not for TLS 1.3. */
export function requireInitialHandshake(renegotiatedConnection: Uint8Array | undefined): void {
  if (renegotiatedConnection === undefined || renegotiatedConnection.length === 0) return;
  throw new PeerMisbehaved("Cannot accept the ClientHello: it renegotiates a connection that is not", {
    alert: AlertDescription.handshake_failure,
    reason: "RENEGOTIATION_MISMATCH",
  });
}
