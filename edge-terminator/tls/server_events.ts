import type { MasterSecretSeed } from "../../shared/keyless_protocol/operations.ts";
import type { HashName } from "../../shared/libcrypto/digest.ts";
import type { TlsError } from "../../shared/tls_messages/errors.ts";
import type { AuthenticatedPeer } from "./client_certificates/peer.ts";
import type { ServedCertificate } from "./served_certificate.ts";

/** What a ClientHello says, for whoever chooses the site. Numbers are IANA's; GREASE values are left in. */
export interface ClientHelloInfo {
  /** Lower case, without a trailing dot; absent when the client sent none. */
  readonly serverName?: string;
  readonly alpnProtocols: readonly string[];
  readonly signatureSchemes: readonly number[];
  readonly cipherSuites: readonly number[];
  readonly supportedGroups: readonly number[];
  readonly versions: readonly number[];
}

/** A TLS 1.3 CertificateVerify is to be signed (RFC 8446, Section 4.4.3). */
export interface Tls13SignatureRequest {
  readonly kind: "tls13-certificate-verify";
  readonly scheme: number;
  readonly certificate: ServedCertificate;
  readonly serverName?: string;
  /** The suite's hash, which `transcriptHash` is made with. */
  readonly hash: HashName;
  /** Transcript-Hash(ClientHello..Certificate). */
  readonly transcriptHash: Uint8Array;
  /** The messages of that hash, joined as they were sent: after a HelloRetryRequest, with both ClientHellos whole. */
  handshakeMessages(): Uint8Array;
}

/** A TLS 1.2 ServerKeyExchange is to be signed (RFC 8422, Section 5.4). */
export interface Tls12SignatureRequest {
  readonly kind: "tls12-server-key-exchange";
  readonly scheme: number;
  readonly certificate: ServedCertificate;
  readonly serverName?: string;
  /** 32 bytes. */
  readonly clientRandom: Uint8Array;
  /** 32 bytes. */
  readonly serverRandom: Uint8Array;
  /** IANA number; the curve type is always named_curve. */
  readonly namedCurve: number;
  /** ECPoint.point of the server's share. */
  readonly publicKey: Uint8Array;
  /** ServerECDHParams, encoded: what is signed is both randoms and this. */
  readonly params: Uint8Array;
}

export type SignatureRequest = Tls13SignatureRequest | Tls12SignatureRequest;

/** The premaster of a TLS 1.2 RSA key exchange is to be decrypted, and made into a master secret at once. */
export interface RsaDecryptionRequest {
  readonly kind: "rsa-key-exchange";
  readonly certificate: ServedCertificate;
  readonly serverName?: string;
  /** ClientHello.client_version, which the premaster has to repeat. */
  readonly clientVersion: number;
  /** The PRF's. */
  readonly hash: "sha256" | "sha384";
  readonly seed: MasterSecretSeed;
  /** As the client sent it, of any length. */
  readonly encryptedPreMasterSecret: Uint8Array;
}

/** Whether to trust a client's certificate. That the client has its key is not shown yet. */
export interface PeerVerificationRequest {
  /** DER, leaf first, at least one. */
  readonly chain: readonly Uint8Array[];
  readonly serverName?: string;
}

/** A TLS 1.2 session that somebody else may have made. */
export interface SessionRequest {
  /** 32 bytes. */
  readonly sessionId: Uint8Array;
  /** "" when the client named none. */
  readonly serverName: string;
  /** The ticket domain of the site. */
  readonly domain: string;
}

/** What a finished handshake agreed on. Numbers are IANA's. */
export interface NegotiatedParameters {
  readonly version: number;
  readonly cipherSuite: number;
  readonly group: number;
  /** 0 in a resumption: nothing was signed. */
  readonly signatureScheme: number;
  readonly serverName?: string;
  readonly alpnProtocol?: string;
  readonly resumed: boolean;
  /** Whether the master secret is bound to the whole handshake: RFC 7627 in TLS 1.2, always in TLS 1.3. */
  readonly extendedMasterSecret: boolean;
  readonly helloRetryRequest: boolean;
  /** In a resumption of TLS 1.3: milliseconds by which the client holds its ticket to be older than it is. */
  readonly ticketAgeSkew?: number;
  /** The client, if it has shown a certificate; in a resumption that of the session. */
  readonly peer?: AuthenticatedPeer;
}

/** What the engine tells or asks its owner, in order. */
export type TlsServerEvent =
  /** Wants `answerSite`. */
  | { readonly type: "client-hello"; readonly clientHello: ClientHelloInfo }
  /** Wants `answerEncapsulation`. */
  | { readonly type: "encapsulation-needed"; readonly group: number; readonly encapsulationKey: Uint8Array }
  /** Wants `answerSignature` or `failPrivateKeyOperation`. */
  | { readonly type: "signature-needed"; readonly request: SignatureRequest }
  /** Wants `answerMasterSecret` or `failPrivateKeyOperation`; only with RSA key exchange, which is off by default. */
  | { readonly type: "rsa-decryption-needed"; readonly request: RsaDecryptionRequest }
  /** Wants `answerVerification`; only where the site asks for client certificates. */
  | { readonly type: "verification-needed"; readonly request: PeerVerificationRequest }
  /** Wants `answerSession`; only where sessions may be elsewhere. */
  | { readonly type: "session-needed"; readonly request: SessionRequest }
  | { readonly type: "handshake-complete"; readonly parameters: NegotiatedParameters }
  /** `data` is the receiver's to keep. */
  | { readonly type: "application-data"; readonly data: Uint8Array }
  /** The peer's write side has ended; ours has not. */
  | { readonly type: "close-notify" }
  /** The connection is over. At most one of `alertSent` and `alertReceived` is there. */
  | {
    readonly type: "failed";
    readonly error: TlsError;
    readonly alertSent?: number;
    readonly alertReceived?: number;
  };
