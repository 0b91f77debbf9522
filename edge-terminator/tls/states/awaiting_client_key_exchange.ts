import { decodeEcdheClientKeyExchange } from "../../../shared/tls_messages/client_key_exchange.ts";
import type { HandshakeMessage } from "../../../shared/tls_messages/handshake.ts";
import type { Connection } from "../connection.ts";
import type { KeyPair } from "../key_exchange/key_pair.ts";
import { deriveFromShare } from "../key_exchange/server_share.ts";
import { Tls12MasterSecret } from "../tls12/master_secret.ts";
import type { Tls12Handshake } from "../tls12/tls12_handshake.ts";
import type { AwaitingChangeCipherSpec } from "./awaiting_change_cipher_spec.ts";
import {
  afterKeyExchange,
  type AwaitingTls12CertificateVerify,
} from "./awaiting_tls12_certificate_verify.ts";

/** TLS 1.2: the server's flight is sent; the client's share is next. */
export interface AwaitingClientKeyExchange {
  readonly name: "awaiting-client-key-exchange";
  readonly handshake: Tls12Handshake;
  readonly keyPair: KeyPair;
}

/** RFC 8422, Section 5.7; the master secret by RFC 7627 where both sides do it. */
export function receiveClientKeyExchange(
  { handshake, keyPair }: AwaitingClientKeyExchange,
  connection: Connection,
  message: HandshakeMessage,
): AwaitingChangeCipherSpec | AwaitingTls12CertificateVerify {
  const { pool, keeper, transcript } = connection;
  const { publicKey } = decodeEcdheClientKeyExchange(message);
  transcript.add(message.raw);
  using premaster = deriveFromShare(pool, keyPair, publicKey);
  keeper.release(keyPair);
  const { hash } = handshake.terms.suite;
  const master = keeper.keep(
    handshake.extendedMasterSecret
      ? Tls12MasterSecret.extended(pool, hash, premaster, transcript.hash("client-key-exchange"))
      : Tls12MasterSecret.plain(pool, hash, premaster, handshake.randoms),
  );
  return afterKeyExchange(connection, { ...handshake, master });
}
