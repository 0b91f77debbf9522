import { tls13SignatureSchemes } from "../../shared/signature_schemes.ts";
import { AlertDescription } from "../../shared/tls_constants.ts";
import type { ClientHello } from "../../shared/tls_messages/client_hello.ts";
import { findTls13CipherSuite, type Tls13CipherSuite } from "./cipher_suites.ts";
import { nothingInCommon } from "./errors.ts";
import { findGroup, type KeyExchangeGroup } from "./key_exchange/groups.ts";
import { chooseApplicationProtocol } from "./negotiation/application_protocol.ts";
import { commonSuiteNumbers } from "./negotiation/cipher_suite_order.ts";
import { eligibleCertificates } from "./negotiation/eligible_certificates.ts";
import type { ServedCertificate } from "./served_certificate.ts";
import type { ResolvedOptions } from "./server_options.ts";
import type { TlsSite } from "./site.ts";

/** A certificate, and how its key signs. */
export interface Tls13Signer {
  readonly certificate: ServedCertificate;
  readonly signatureScheme: number;
}

/** What the server takes of a TLS 1.3 client's offer. */
export interface Tls13Choice {
  readonly suite: Tls13CipherSuite;
  readonly group: KeyExchangeGroup;
  readonly serverName?: string;
  readonly alpnProtocol?: string;
}

/**
 * Chooses by the server's preference in everything (RFC 8446, Section 4.1.1). The group is chosen before the key
 * shares are looked at, so that nobody can talk the two into a weaker one by a guess of the client's.
 */
export function chooseTls13(options: ResolvedOptions, site: TlsSite, hello: ClientHello): Tls13Choice {
  const { serverName } = hello.known;
  const suite = chooseSuite(options, hello);
  const alpnProtocol = chooseApplicationProtocol(site.alpnProtocols, hello.known.alpn);
  return {
    suite,
    group: chooseGroup(options, hello),
    ...(serverName === undefined ? {} : { serverName }),
    ...(alpnProtocol === undefined ? {} : { alpnProtocol }),
  };
}

function chooseSuite(options: ResolvedOptions, hello: ClientHello): Tls13CipherSuite {
  for (const id of commonSuiteNumbers(options, hello)) {
    const suite = findTls13CipherSuite(id);
    if (suite !== undefined) return suite;
  }
  throw nothingInCommon(AlertDescription.handshake_failure, "NO_SHARED_CIPHER", "no cipher suite is common");
}

/** RFC 8446, Sections 4.2.7 and 9.2 */
function chooseGroup(options: ResolvedOptions, hello: ClientHello): KeyExchangeGroup {
  const offered = hello.known.supportedGroups ?? [];
  for (const id of options.groups) {
    const group = findGroup(id);
    if (group !== undefined && offered.includes(id)) return group;
  }
  throw nothingInCommon(AlertDescription.handshake_failure, "NO_SHARED_GROUP", "no group is common");
}

/** The first certificate whose key can sign as the client accepts (RFC 8446, Sections 4.2.3 and 4.4.2.2). */
export function chooseSigner(site: TlsSite, hello: ClientHello): Tls13Signer {
  const offered = hello.known.signatureAlgorithms ?? [];
  for (const certificate of eligibleCertificates(site, hello)) {
    const signatureScheme = certificate.signatureSchemes.find((scheme) =>
      tls13SignatureSchemes[certificate.keyType].includes(scheme) && offered.includes(scheme)
    );
    if (signatureScheme !== undefined) return { certificate, signatureScheme };
  }
  throw nothingInCommon(
    AlertDescription.handshake_failure,
    "NO_COMMON_SIGNATURE_ALGORITHMS",
    "no certificate's key can sign as it accepts",
  );
}
