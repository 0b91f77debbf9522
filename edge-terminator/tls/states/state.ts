import type { AwaitingCertificateVerify } from "./awaiting_certificate_verify.ts";
import type { AwaitingChangeCipherSpec } from "./awaiting_change_cipher_spec.ts";
import type { AwaitingClientCertificate } from "./awaiting_client_certificate.ts";
import type { AwaitingClientHello } from "./awaiting_client_hello.ts";
import type { AwaitingClientKeyExchange } from "./awaiting_client_key_exchange.ts";
import type { AwaitingEncapsulation } from "./awaiting_encapsulation.ts";
import type { AwaitingEncryptedPremaster } from "./awaiting_encrypted_premaster.ts";
import type { AwaitingFinished } from "./awaiting_finished.ts";
import type { AwaitingKeyExchangeSignature } from "./awaiting_key_exchange_signature.ts";
import type { AwaitingPeerVerification } from "./awaiting_peer_verification.ts";
import type { AwaitingRsaDecryption } from "./awaiting_rsa_decryption.ts";
import type { AwaitingSecondClientHello } from "./awaiting_second_client_hello.ts";
import type { AwaitingSession } from "./awaiting_session.ts";
import type { AwaitingSignature } from "./awaiting_signature.ts";
import type { AwaitingSite } from "./awaiting_site.ts";
import type { AwaitingTls12CertificateVerify } from "./awaiting_tls12_certificate_verify.ts";
import type { AwaitingTls12ClientCertificate } from "./awaiting_tls12_client_certificate.ts";
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
 *
 * Where the site asks for client certificates, three states come between, in the order of the client's messages: in
 * TLS 1.3 after awaiting-signature,
 *
 *     awaiting-client-certificate -> awaiting-peer-verification -> awaiting-certificate-verify -> awaiting-finished
 *
 * in TLS 1.2 around the key exchange,
 *
 *     awaiting-tls12-client-certificate -> awaiting-peer-verification -> (key exchange)
 *       -> awaiting-tls12-certificate-verify -> awaiting-change-cipher-spec
 *
 * Where other workers or edges may have a TLS 1.2 session, awaiting-session comes after awaiting-site. From both a
 * resumption goes straight to awaiting-change-cipher-spec.
 *
 * A client without a certificate, where that is allowed, goes from the first straight to what follows the last.
 */
export type State =
  | AwaitingClientHello
  | AwaitingSite
  | AwaitingSecondClientHello
  | AwaitingEncapsulation
  | AwaitingSignature
  | AwaitingClientCertificate
  | AwaitingCertificateVerify
  | AwaitingPeerVerification
  | AwaitingFinished
  | AwaitingSession
  | AwaitingKeyExchangeSignature
  | AwaitingTls12ClientCertificate
  | AwaitingClientKeyExchange
  | AwaitingEncryptedPremaster
  | AwaitingRsaDecryption
  | AwaitingTls12CertificateVerify
  | AwaitingChangeCipherSpec
  | AwaitingTls12Finished
  | Connected
  | ConnectedTls12
  | Closed
  | Failed;
