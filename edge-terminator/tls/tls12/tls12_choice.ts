import { tls12SignatureSchemes } from "../../../shared/signature_schemes.ts";
import { AlertDescription, CipherSuite, NamedGroup, SignatureScheme } from "../../../shared/tls_constants.ts";
import type { ClientHello } from "../../../shared/tls_messages/client_hello.ts";
import { findTls12CipherSuite, type Tls12CipherSuite } from "../cipher_suites.ts";
import { nothingInCommon } from "../errors.ts";
import { findGroup, isHybrid, type KeyExchangeGroup } from "../key_exchange/groups.ts";
import { chooseApplicationProtocol } from "../negotiation/application_protocol.ts";
import { commonSuiteNumbers } from "../negotiation/cipher_suite_order.ts";
import { eligibleCertificates } from "../negotiation/eligible_certificates.ts";
import type { ServedCertificate } from "../served_certificate.ts";
import type { ResolvedOptions } from "../server_options.ts";
import type { TlsSite } from "../site.ts";

/** What both a full and a resumed handshake agree on. */
export interface Tls12Terms {
  readonly suite: Tls12CipherSuite;
  readonly serverName?: string;
  readonly alpnProtocol?: string;
}

/** What the server takes of a TLS 1.2 client's offer in a full handshake with ephemeral keys. */
export interface Tls12EphemeralChoice extends Tls12Terms {
  readonly group: KeyExchangeGroup;
  readonly certificate: ServedCertificate;
  readonly signatureScheme: number;
}

/** The same of one with RSA key exchange: nothing is signed. */
export interface Tls12RsaChoice extends Tls12Terms {
  readonly group: undefined;
  readonly certificate: ServedCertificate;
}

/** What a full handshake agrees on, by how its premaster comes about. */
export type Tls12Choice = Tls12EphemeralChoice | Tls12RsaChoice;

/**
 * The first certificate that some suite, some scheme and the client's curves go with; then the server's preferences.
 * RSA key exchange, where it is on, comes after everything with forward secrecy that any certificate can do.
 */
export function chooseTls12(options: ResolvedOptions, site: TlsSite, hello: ClientHello): Tls12Choice {
  const { serverName } = hello.known;
  const suites = commonSuites(options, hello);
  const certificates = eligibleCertificates(site, hello);
  const signer = chooseEphemeral(options, certificates, hello, suites);
  const choice = "signatureScheme" in signer ? signer : chooseDecrypter(certificates, suites);
  if (choice === undefined) throw signer;
  const alpnProtocol = chooseApplicationProtocol(site.alpnProtocols, hello.known.alpn);
  return {
    ...choice,
    ...(serverName === undefined ? {} : { serverName }),
    ...(alpnProtocol === undefined ? {} : { alpnProtocol }),
  };
}

function commonSuites(options: ResolvedOptions, hello: ClientHello): readonly Tls12CipherSuite[] {
  const suites = commonSuiteNumbers(options, hello).flatMap((id) => findTls12CipherSuite(id) ?? []);
  if (suites.length === 0) throw noSharedCipher();
  return suites;
}

function noSharedCipher() {
  return nothingInCommon(AlertDescription.handshake_failure, "NO_SHARED_CIPHER", "no cipher suite is common");
}

/** A client that names no curves could do any by RFC 8422, Section 4; no real one does without, and none is guessed. */
function chooseGroup(options: ResolvedOptions, hello: ClientHello): KeyExchangeGroup | undefined {
  const offered = hello.known.supportedGroups ?? [];
  for (const id of options.groups) {
    const group = findGroup(id);
    if (group !== undefined && !isHybrid(group) && offered.includes(id)) return group;
  }
  return undefined;
}

/** The first certificate that decrypts by one of the suites, if any. */
function chooseDecrypter(
  certificates: readonly ServedCertificate[],
  suites: readonly Tls12CipherSuite[],
): Tls12RsaChoice | undefined {
  const suite = suites.find(({ keyExchange }) => keyExchange === "rsa");
  const certificate = certificates.find(({ keyType }) => keyType === "rsa");
  return suite && certificate && { group: undefined, suite, certificate };
}

/** The choice, or what to refuse the client with. */
function chooseEphemeral(
  options: ResolvedOptions,
  certificates: readonly ServedCertificate[],
  hello: ClientHello,
  suites: readonly Tls12CipherSuite[],
): Tls12EphemeralChoice | ReturnType<typeof noSharedCipher> {
  const group = chooseGroup(options, hello);
  if (group === undefined) return noSharedCipher();
  const offered = hello.known.signatureAlgorithms ?? sha1Schemes;
  let refusal = noSharedCipher();
  for (const certificate of certificates) {
    const authentication = certificate.keyType === "rsa" ? "rsa" : "ecdsa";
    const suite = suites.find((candidate) =>
      candidate.keyExchange === "ecdhe" && candidate.authentication === authentication
    );
    if (suite === undefined) continue;
    if (!knowsCurve(certificate, hello)) {
      refusal = cannotSign("WRONG_CURVE", "it does not do the curve of the certificate's key");
      continue;
    }
    const signatureScheme = certificate.signatureSchemes.find((scheme) =>
      tls12SignatureSchemes[certificate.keyType].includes(scheme) && offered.includes(scheme)
    );
    if (signatureScheme !== undefined) return { group, suite, certificate, signatureScheme };
    // A suite whose key exchange signs nothing would still have done for an RSA key: it is the suites that fail.
    refusal = authentication === "rsa"
      ? noSharedCipher()
      : cannotSign("NO_COMMON_SIGNATURE_ALGORITHMS", "no certificate's key can sign as it accepts");
  }
  return refusal;
}

function cannotSign(reason: string, why: string) {
  return nothingInCommon(AlertDescription.handshake_failure, reason, why);
}

/** RFC 8422, Section 5.1.1: the curve of an ECDSA certificate's key must be one that the client names, if it names any. */
function knowsCurve({ keyType }: ServedCertificate, hello: ClientHello): boolean {
  const offered = hello.known.supportedGroups;
  if (offered === undefined) return true;
  if (keyType === "ecdsa-p256") return offered.includes(NamedGroup.secp256r1);
  if (keyType === "ecdsa-p384") return offered.includes(NamedGroup.secp384r1);
  return true;
}

/** RFC 5246, Section 7.4.1.4.1: what a client without the extension accepts. We sign nothing of it. */
const sha1Schemes: readonly number[] = [SignatureScheme.rsa_pkcs1_sha1, SignatureScheme.ecdsa_sha1];

/** RFC 7507, Section 3: a client that fell back although we speak better was made to. */
export function refuseFallback(options: ResolvedOptions, hello: ClientHello): void {
  if (!options.versions.includes("TLS 1.3") || !hello.cipherSuites.includes(CipherSuite.TLS_FALLBACK_SCSV)) {
    return;
  }
  throw nothingInCommon(
    AlertDescription.inappropriate_fallback,
    "INAPPROPRIATE_FALLBACK",
    "it fell back to TLS 1.2 without need",
  );
}
