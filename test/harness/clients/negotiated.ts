/** Where a client connects, what it expects there, and whom it trusts. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly serverName: string;
  /** PEM file of the root that the server's chain must end in. */
  readonly rootFile: string;
}

/** What a client says it agreed on with the server, in IANA's names; absent where the client does not say. */
export interface Negotiated {
  readonly version?: string;
  readonly cipherSuite?: string;
  readonly group?: string;
  readonly signatureScheme?: string;
  readonly alpn?: string;
}

/** What every client reports. */
export interface ClientResult {
  /** The handshake ended well and the chain and name were verified. */
  readonly verified: boolean;
  readonly negotiated: Negotiated;
  /** Whether a session was resumed, where the client tells. */
  readonly resumed?: boolean;
  /** The whole HTTP response, or the body alone where the client gives no more; empty without one. */
  readonly response: string;
  /** The number of the TLS alert that the server sent, where the client tells. */
  readonly alert?: number;
  /** All that the client said, for failures. */
  readonly output: string;
}

/** `GET path` for an HTTP/1.1 connection that ends with the response. */
export function getRequest(serverName: string, path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${serverName}\r\nConnection: close\r\n\r\n`;
}

/** Leaves out what was not found, as `exactOptionalPropertyTypes` wants. */
export function present(fields: Record<keyof Negotiated, string | undefined>): Negotiated {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

const ianaNames: Readonly<Record<string, string>> = {
  "aes-128-gcm": "TLS_AES_128_GCM_SHA256",
  "aes-256-gcm": "TLS_AES_256_GCM_SHA384",
  "chacha20-poly1305": "TLS_CHACHA20_POLY1305_SHA256",
  "x25519": "x25519",
  "secp256r1": "secp256r1",
  "prime256v1": "secp256r1",
  "p-256": "secp256r1",
  "secp384r1": "secp384r1",
  "p-384": "secp384r1",
  "x25519mlkem768": "X25519MLKEM768",
  "ecdsa-sha256": "ecdsa_secp256r1_sha256",
  "ecdsa-secp256r1-sha256": "ecdsa_secp256r1_sha256",
  "ecdsa-sha384": "ecdsa_secp384r1_sha384",
  "ecdsa-secp384r1-sha384": "ecdsa_secp384r1_sha384",
  "rsa-pss-sha256": "rsa_pss_rsae_sha256",
  "rsa-pss-sha384": "rsa_pss_rsae_sha384",
  "rsa-pss-sha512": "rsa_pss_rsae_sha512",
  "rsa-pss-rsae-sha256": "rsa_pss_rsae_sha256",
  "rsa-pss-rsae-sha384": "rsa_pss_rsae_sha384",
  "rsa-pss-rsae-sha512": "rsa_pss_rsae_sha512",
  "rsa-sha256": "rsa_pkcs1_sha256",
  "rsa-sha384": "rsa_pkcs1_sha384",
  "rsa-sha512": "rsa_pkcs1_sha512",
  "ecdhe-ecdsa-aes128-gcm-sha256": "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
  "ecdhe-ecdsa-aes256-gcm-sha384": "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
  "ecdhe-ecdsa-chacha20-poly1305": "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
  "ecdhe-rsa-aes128-gcm-sha256": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
  "ecdhe-rsa-aes256-gcm-sha384": "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
  "ecdhe-rsa-chacha20-poly1305": "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
  "ed25519": "ed25519",
  "eddsa-ed25519": "ed25519",
};

/** The IANA name of a suite, group or scheme as OpenSSL, GnuTLS or Chromium calls it; unknown names stay as they are. */
export function ianaName(name: string | undefined): string | undefined {
  return name === undefined ? undefined : ianaNames[name.toLowerCase().replaceAll("_", "-")] ?? name;
}
