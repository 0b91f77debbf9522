import { decodeRsaClientKeyExchange } from "../../../shared/tls_messages/client_key_exchange.ts";
import type { ClientHello } from "../../../shared/tls_messages/client_hello.ts";
import type { HandshakeMessage } from "../../../shared/tls_messages/handshake.ts";
import type { Connection } from "../connection.ts";
import type { ServedCertificate } from "../served_certificate.ts";
import type { RsaDecryptionRequest } from "../server_events.ts";
import type { Tls12RsaChoice } from "../tls12/tls12_choice.ts";
import type { Tls12Handshake } from "../tls12/tls12_handshake.ts";
import type { AwaitingRsaDecryption } from "./awaiting_rsa_decryption.ts";
import {
  type AfterClientCertificate,
  type AwaitingTls12ClientCertificate,
  endServerFlight,
} from "./awaiting_tls12_client_certificate.ts";

/** TLS 1.2 with RSA key exchange: the server's flight is sent; the client's encrypted premaster is next. */
export interface AwaitingEncryptedPremaster {
  readonly name: "awaiting-encrypted-premaster";
  readonly handshake: Tls12Handshake;
  readonly certificate: ServedCertificate;
  /** ClientHello.client_version, which the premaster has to repeat (RFC 5246, Section 7.4.7.1). */
  readonly clientVersion: number;
}

/** RFC 5246, Section 7.3: no ServerKeyExchange. */
export function expectEncryptedPremaster(
  connection: Connection,
  hello: ClientHello,
  handshake: Tls12Handshake,
  { certificate }: Tls12RsaChoice,
): AfterClientCertificate | AwaitingTls12ClientCertificate {
  return endServerFlight(connection, {
    name: "awaiting-encrypted-premaster",
    handshake,
    certificate,
    clientVersion: hello.legacyVersion,
  });
}

/**
 * RFC 5246, Section 7.4.7.1. Nothing is looked at here but the message's form: whether the ciphertext is any good, only
 * the key server learns, and tells nobody. A bad one ends as any wrong key does, at Finished.
 */
export function receiveEncryptedPremaster(
  { handshake, certificate, clientVersion }: AwaitingEncryptedPremaster,
  connection: Connection,
  message: HandshakeMessage,
): AwaitingRsaDecryption {
  const { transcript } = connection;
  const { encryptedPreMasterSecret } = decodeRsaClientKeyExchange(message);
  transcript.add(message.raw);
  const { suite, serverName } = handshake.terms;
  const { client: clientRandom, server: serverRandom } = handshake.randoms;
  const seed: RsaDecryptionRequest["seed"] = handshake.extendedMasterSecret
    ? { form: "extended", sessionHash: transcript.hash("client-key-exchange") }
    : { form: "randoms", clientRandom, serverRandom };
  connection.emit({
    type: "rsa-decryption-needed",
    request: {
      kind: "rsa-key-exchange",
      certificate,
      ...(serverName === undefined ? {} : { serverName }),
      clientVersion,
      hash: suite.hash === "sha384" ? "sha384" : "sha256",
      seed,
      encryptedPreMasterSecret: encryptedPreMasterSecret.slice(),
    },
  });
  return { name: "awaiting-rsa-decryption", handshake };
}
