import type { AwaitingChangeCipherSpec } from "./awaiting_change_cipher_spec.ts";
import type { AwaitingClientHello } from "./awaiting_client_hello.ts";
import type { AwaitingClientKeyExchange } from "./awaiting_client_key_exchange.ts";
import type { AwaitingEncapsulation } from "./awaiting_encapsulation.ts";
import type { AwaitingEncryptedPremaster } from "./awaiting_encrypted_premaster.ts";
import type { AwaitingFinished } from "./awaiting_finished.ts";
import type { AwaitingKeyExchangeSignature } from "./awaiting_key_exchange_signature.ts";
import type { AwaitingRsaDecryption } from "./awaiting_rsa_decryption.ts";
import type { AwaitingSecondClientHello } from "./awaiting_second_client_hello.ts";
import type { AwaitingSignature } from "./awaiting_signature.ts";
import type { AwaitingSite } from "./awaiting_site.ts";
import type { AwaitingTls12Finished } from "./awaiting_tls12_finished.ts";
import type { Connected } from "./connected.ts";
import type { ConnectedTls12 } from "./connected_tls12.ts";

/** Both sides have said close_notify, or the owner has let go: every secret is gone. */
export interface Closed {
  readonly name: "closed";
}

/** An error has ended the connection: every secret is gone, the alert is in the output. */
export interface Failed {
  readonly name: "failed";
}

/**
 * Where a connection is. A state is named for what it awaits; those that await the peer read records, those that
 * await an answer of our own side do not.
 *
 *     awaiting-client-hello -> awaiting-site -+-> awaiting-second-client-hello -+
 *                                             |                                 |
 *                                             +-> awaiting-encapsulation <------+
 *                                             |             |
 *                                             +-> awaiting-signature -> awaiting-finished -> connected -> closed
 *                                             |                                                 ^
 *          TLS 1.2:                           +-> awaiting-key-exchange-signature               |
 *                                             |     -> awaiting-client-key-exchange ---+        |
 *                                             +-> awaiting-encrypted-premaster         |        |
 *                                                   -> awaiting-rsa-decryption --------+        |
 *                                                      -> awaiting-change-cipher-spec           |
 *                                                         -> awaiting-tls12-finished -----------+
 */
export type State =
  | AwaitingClientHello
  | AwaitingSite
  | AwaitingSecondClientHello
  | AwaitingEncapsulation
  | AwaitingSignature
  | AwaitingFinished
  | AwaitingKeyExchangeSignature
  | AwaitingClientKeyExchange
  | AwaitingEncryptedPremaster
  | AwaitingRsaDecryption
  | AwaitingChangeCipherSpec
  | AwaitingTls12Finished
  | Connected
  | ConnectedTls12
  | Closed
  | Failed;
