/** The parts of the matrix, by IANA's names. */
export const versions = ["1.2", "1.3"] as const;
export const ciphers = ["AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "CHACHA20_POLY1305_SHA256"] as const;
export const groups = ["x25519", "secp256r1", "secp384r1"] as const;
export const certificates = ["p256", "p384", "rsa"] as const;
export const clients = ["openssl", "gnutls", "curl", "nss", "chromium"] as const;

export type Version = typeof versions[number];
export type Cipher = typeof ciphers[number];
export type Group = typeof groups[number];
export type CertificateName = typeof certificates[number];
export type ClientName = typeof clients[number];

/** One question of the matrix: what this client says when it is made to connect like this. */
export interface Cell {
  readonly client: ClientName;
  readonly version: Version;
  /** "any": what the client offers by itself. */
  readonly cipher: Cipher | "any";
  readonly group: Group | "any";
  /** The server's. */
  readonly certificate: CertificateName;
  /** Whether it is asked of the second of two connections, which offers the first one's session. */
  readonly resumes: boolean;
  /** Whether the server asks for a client certificate, and gets one. */
  readonly clientCertificate: boolean;
}

/** For people: "openssl 1.3 AES_128_GCM_SHA256 x25519 p256 resumed". */
export function cellName(cell: Cell): string {
  const { client, version, cipher, group, certificate, resumes, clientCertificate } = cell;
  const extras = [...(resumes ? ["resumed"] : []), ...(clientCertificate ? ["client certificate"] : [])];
  return [client, version, cipher, group, certificate, ...extras].join(" ");
}

/** The suite that a cell asks for: in TLS 1.2 its name tells the kind of the certificate's key. */
export function suiteOf({ version, cipher, certificate }: Cell): string | undefined {
  if (cipher === "any") return undefined;
  if (version === "1.3") return `TLS_${cipher}`;
  return `TLS_ECDHE_${certificate === "rsa" ? "RSA" : "ECDSA"}_WITH_${cipher}`;
}

const curves: Readonly<Record<CertificateName, Group | undefined>> = {
  p256: "secp256r1",
  p384: "secp384r1",
  rsa: undefined,
};

/**
 * The groups that the client must name, by its preference. In TLS 1.2 they also say on which curves a certificate's key
 * may be (RFC 8422, Section 5.1.1), so the certificate's own is among them.
 */
export function offeredGroups({ version, group, certificate }: Cell): readonly Group[] {
  if (group === "any") return [];
  const curve = version === "1.2" ? curves[certificate] : undefined;
  return curve === undefined || curve === group ? [group] : [group, curve];
}
