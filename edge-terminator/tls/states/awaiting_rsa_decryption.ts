import type { Secret } from "../../../shared/memory/secret.ts";
import type { Connection } from "../connection.ts";
import { Tls12MasterSecret } from "../tls12/master_secret.ts";
import type { Tls12Handshake } from "../tls12/tls12_handshake.ts";
import type { AwaitingChangeCipherSpec } from "./awaiting_change_cipher_spec.ts";
import {
  afterKeyExchange,
  type AwaitingTls12CertificateVerify,
} from "./awaiting_tls12_certificate_verify.ts";

/** TLS 1.2 with RSA key exchange: the premaster is with whoever has the private key. */
export interface AwaitingRsaDecryption {
  readonly name: "awaiting-rsa-decryption";
  readonly handshake: Tls12Handshake;
}

/** The answer is a master secret, good or bad: the client's Finished will tell. Takes ownership of the secret. */
export function receiveMasterSecret(
  { handshake }: AwaitingRsaDecryption,
  connection: Connection,
  secret: Secret,
): AwaitingChangeCipherSpec | AwaitingTls12CertificateVerify {
  const { pool, keeper } = connection;
  const master = keeper.keep(Tls12MasterSecret.adopt(pool, handshake.terms.suite.hash, secret));
  return afterKeyExchange(connection, { ...handshake, master });
}
