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

/** Whether a state reads what the peer sends; the others wait for an answer of our own side. */
export function awaitsPeer(state: State): boolean {
  switch (state.name) {
    case "awaiting-client-hello":
    case "awaiting-second-client-hello":
    case "awaiting-finished":
    case "awaiting-client-certificate":
    case "awaiting-certificate-verify":
    case "awaiting-tls12-client-certificate":
    case "awaiting-tls12-certificate-verify":
    case "awaiting-client-key-exchange":
    case "awaiting-encrypted-premaster":
    case "awaiting-change-cipher-spec":
    case "awaiting-tls12-finished":
    case "connected":
      return true;
    case "awaiting-site":
    case "awaiting-encapsulation":
    case "awaiting-signature":
    case "awaiting-key-exchange-signature":
    case "awaiting-rsa-decryption":
    case "awaiting-peer-verification":
    case "closed":
    case "failed":
      return false;
    default:
      return state satisfies never;
  }
}

/** Hands a handshake message to the state that awaits it. */
export function receiveMessage(state: State, connection: Connection, message: HandshakeMessage): State {
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
    case "awaiting-site":
    case "awaiting-encapsulation":
    case "awaiting-signature":
    case "awaiting-key-exchange-signature":
    case "awaiting-rsa-decryption":
    case "awaiting-peer-verification":
    case "closed":
    case "failed":
      throw new EngineMisusedError("take a message", state.name);
    default:
      return state satisfies never;
  }
}
