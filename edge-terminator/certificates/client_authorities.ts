import { CertificateError as MalformedError } from "../../shared/libcrypto/errors.ts";
import { pemToDer } from "../../shared/libcrypto/x509.ts";
import { ChainVerifier } from "../../shared/libcrypto/x509_verify.ts";
import { readCertificateFile, readPublicPem } from "./certificate_file.ts";
import { CertificateError } from "./errors.ts";

/** Whose client certificates a site takes. */
export interface ClientAuthorities {
  /** DER, at least one. */
  readonly authorities: readonly Uint8Array[];
  /** DER. With at least one, every authority in a client's chain must have a current one. */
  readonly revocationLists: readonly Uint8Array[];
}

const mebibyte = 1 << 20;
const longestBundle = mebibyte;
const longestRevocationList = 64 * mebibyte;
/** What a CertificateRequest has room for, less its other parts (RFC 8446, Section 4.3.2). */
const longestNames = 60_000;

/** Reads a PEM bundle of authorities' certificates. Throws {@link CertificateError}. */
export async function loadClientAuthorities(file: string): Promise<Uint8Array[]> {
  const pem = await readPublicPem(file, longestBundle, "only certificates belong here");
  const authorities = parsed(file, () => pemToDer(pem));
  if (authorities.length === 0) {
    throw new CertificateError("certificate-malformed", file, "it holds no PEM certificate");
  }
  using verifier = parsed(file, () => new ChainVerifier({ authorities, purpose: "client" }));
  const length = verifier.authorityNames.reduce((sum, name) => sum + name.length + 2, 0);
  if (length > longestNames) {
    const reason =
      `its authorities' names take ${length} bytes; a CertificateRequest has room for ${longestNames}`;
    throw new CertificateError("certificate-malformed", file, reason);
  }
  return authorities;
}

/** Reads a file of certificate revocation lists, PEM or one in DER. Throws {@link CertificateError}. */
export async function loadRevocationLists(file: string): Promise<Uint8Array[]> {
  const bytes = await readCertificateFile(file, longestRevocationList);
  const isDer = bytes[0] === 0x30;
  const lists = isDer ? [bytes] : parsed(file, () => revocationListsOf(new TextDecoder().decode(bytes)));
  if (lists.length === 0) {
    throw new CertificateError("certificate-malformed", file, "it holds no certificate revocation list");
  }
  parsed(file, () => new ChainVerifier({ authorities: [], revocationLists: lists, purpose: "client" }))
    [Symbol.dispose]();
  return lists;
}

/** RFC 7468, Section 6 */
const pemRevocationList = /-----BEGIN X509 CRL-----([A-Za-z0-9+/=\s]*)-----END X509 CRL-----/g;

function revocationListsOf(pem: string): Uint8Array[] {
  return Array.from(pem.matchAll(pemRevocationList), ([, base64]) => {
    try {
      return Uint8Array.fromBase64(base64!);
    } catch {
      throw new MalformedError("a PEM block is not base64");
    }
  });
}

function parsed<T>(file: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    throw new CertificateError("certificate-malformed", file, error.message, { cause: error });
  }
}
