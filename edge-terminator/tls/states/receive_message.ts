import { unexpectedMessage } from "../../../shared/tls_messages/errors.ts";
import type { HandshakeMessage } from "../../../shared/tls_messages/handshake.ts";
import type { Connection } from "../connection.ts";
import { EngineMisusedError } from "../errors.ts";
import { receiveCertificateVerify } from "./awaiting_certificate_verify.ts";
import { receiveClientCertificate } from "./awaiting_client_certificate.ts";
import { receiveClientHello } from "./awaiting_client_hello.ts";
import { receiveClientKeyExchange } from "./awaiting_client_key_exchange.ts";
import { receiveEncryptedPremaster } from "./awaiting_encrypted_premaster.ts";
import { receiveFinished } from "./awaiting_finished.ts";
import { receiveSecondClientHello } from "./awaiting_second_client_hello.ts";
import { receiveTls12CertificateVerify } from "./awaiting_tls12_certificate_verify.ts";
import { receiveTls12ClientCertificate } from "./awaiting_tls12_client_certificate.ts";
import { receiveTls12Finished } from "./awaiting_tls12_finished.ts";
import { receivePostHandshake } from "./connected.ts";
import { refuseRenegotiation } from "./connected_tls12.ts";
import type { State } from "./state.ts";

/** States that wait for an answer of our own side, or for nothing any more. */
const statesNotReading = [
  "awaiting-site",
  "awaiting-session",
  "awaiting-encapsulation",
  "awaiting-signature",
  "awaiting-key-exchange-signature",
  "awaiting-rsa-decryption",
  "awaiting-peer-verification",
  "closed",
  "failed",
] as const;

type ReadingState = Exclude<State, { readonly name: typeof statesNotReading[number] }>;

/** Whether a state reads what the peer sends. */
export function awaitsPeer(state: State): state is ReadingState {
  return !(statesNotReading as readonly string[]).includes(state.name);
}

/** Hands a handshake message to the state that awaits it. */
export function receiveMessage(state: State, connection: Connection, message: HandshakeMessage): State {
  if (!awaitsPeer(state)) throw new EngineMisusedError("take a message", state.name);
  switch (state.name) {
    case "awaiting-client-hello":
      return receiveClientHello(connection, message);
    case "awaiting-second-client-hello":
      return receiveSecondClientHello(state, connection, message);
    case "awaiting-client-certificate":
      return receiveClientCertificate(state, connection, message);
    case "awaiting-certificate-verify":
      return receiveCertificateVerify(state, connection, message);
    case "awaiting-finished":
      return receiveFinished(state, connection, message);
    case "connected":
      return state.version === "TLS 1.3"
        ? receivePostHandshake(state, connection, message)
        : refuseRenegotiation();
    case "awaiting-tls12-client-certificate":
      return receiveTls12ClientCertificate(state, connection, message);
    case "awaiting-tls12-certificate-verify":
      return receiveTls12CertificateVerify(state, connection, message);
    case "awaiting-client-key-exchange":
      return receiveClientKeyExchange(state, connection, message);
    case "awaiting-encrypted-premaster":
      return receiveEncryptedPremaster(state, connection, message);
    case "awaiting-change-cipher-spec":
      throw unexpectedMessage("Cannot go on with the peer: change_cipher_spec is next", "UNEXPECTED_RECORD");
    case "awaiting-tls12-finished":
      return receiveTls12Finished(state, connection, message);
    default:
      return state satisfies never;
  }
}
