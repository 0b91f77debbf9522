/** The operations' numbers on the wire: a request frame's kind. */
export const operationNumbers = {
  "ping": 0x01,
  "sign-tls13": 0x02,
  "sign-tls12": 0x03,
  "rsa-key-exchange": 0x04,
} as const;

/** The operations by the names that grants and metrics use. */
export type OperationName = keyof typeof operationNumbers;

/** What every operation with a key says first. */
interface KeyRequest {
  /** Which side's signature is asked for; "client" is reserved and refused by version 1. */
  readonly role: "server";
  /** SHA-1 of the subjectPublicKey's bits (RFC 5280, Section 4.2.1.2, method 1): 20 bytes. */
  readonly subjectKeyIdentifier: Uint8Array;
  /** The client's SNI, "" when it sent none; encoded in lower case, at most 253 bytes. */
  readonly serverName: string;
  /** Milliseconds from the request's receipt within which an answer is of use: 1 to 2^32 - 1. */
  readonly deadline: number;
}

/** Asks only whether the key server answers. */
export interface PingRequest {
  readonly operation: "ping";
}

/** What a TLS 1.3 CertificateVerify is made over: its hash, or in `strict` the messages themselves. */
export type Tls13Transcript =
  | { readonly form: "hash"; readonly transcriptHash: Uint8Array /* 32 or 48 bytes */ }
  | { readonly form: "strict"; readonly handshakeMessages: Uint8Array /* ClientHello to Certificate */ };

/** The signature of a TLS 1.3 CertificateVerify (RFC 8446, Section 4.4.3). */
export interface SignTls13Request extends KeyRequest {
  readonly operation: "sign-tls13";
  /** RFC 8446, Section 4.2.3. */
  readonly signatureScheme: number;
  readonly transcript: Tls13Transcript;
}

/**
 * The signature of a TLS 1.2 ServerKeyExchange for ECDHE (RFC 8422, Section 5.4). The curve type is always
 * named_curve: the key server writes it.
 */
export interface SignTls12Request extends KeyRequest {
  readonly operation: "sign-tls12";
  /** RFC 5246, Section 7.4.1.4.1 (hash, signature) as one number. */
  readonly signatureScheme: number;
  readonly clientRandom: Uint8Array /* 32 bytes */;
  readonly serverRandom: Uint8Array /* 32 bytes */;
  readonly namedCurve: number;
  /** ECPoint.point: x25519 32 bytes, secp256r1 65, secp384r1 97. */
  readonly publicKey: Uint8Array;
}

/** What a TLS 1.2 master secret is derived with besides the premaster. */
export type MasterSecretSeed =
  | { readonly form: "randoms"; readonly clientRandom: Uint8Array; readonly serverRandom: Uint8Array }
  | { readonly form: "extended"; readonly sessionHash: Uint8Array /* RFC 7627: 32 or 48 bytes */ };

/** The master secret of a TLS 1.2 RSA key exchange, answered sealed to `recipientPublicKey`; off by default. */
export interface RsaKeyExchangeRequest extends KeyRequest {
  readonly operation: "rsa-key-exchange";
  /** ClientHello.client_version, which the premaster must repeat. */
  readonly clientVersion: number;
  readonly prfHash: "sha256" | "sha384";
  readonly seed: MasterSecretSeed;
  /** At most 1,024 bytes; another length than the modulus's is a bad encryption, answered like every other. */
  readonly encryptedPreMasterSecret: Uint8Array;
  /** HPKE, DHKEM(X25519, HKDF-SHA256): 32 bytes. */
  readonly recipientPublicKey: Uint8Array;
}

/** A request that uses a key, and so needs a grant. */
export type KeylessKeyRequest = SignTls13Request | SignTls12Request | RsaKeyExchangeRequest;

/** Everything that an edge may ask. */
export type KeylessRequest = KeylessKeyRequest | PingRequest;

const namesByNumber = new Map<number, OperationName>(
  (Object.keys(operationNumbers) as OperationName[]).map((name) => [operationNumbers[name], name]),
);

/** The operation of a frame's kind; undefined for a number that version 1 does not define. */
export function operationName(kind: number): OperationName | undefined {
  return namesByNumber.get(kind);
}
