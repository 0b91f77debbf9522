import { AlertDescription, CompressionMethod, NamedGroup, nameOf } from "../tls_constants.ts";
import type { ClientHello } from "./client_hello.ts";
import { illegalParameter, PeerMisbehaved } from "./errors.ts";

/**
 * What TLS 1.3 demands of a ClientHello besides its form: call it once TLS 1.3 is selected (RFC 8446, Sections
 * 4.1.2, 4.2.8, 4.2.9 and 9.2). Throws PeerMisbehaved.
 */
export function checkTls13ClientHello(hello: ClientHello): void {
  const { legacyCompressionMethods, known } = hello;
  if (legacyCompressionMethods.length !== 1 || legacyCompressionMethods[0] !== CompressionMethod.null) {
    throw illegalParameter(
      "INVALID_COMPRESSION_LIST",
      "Cannot accept the ClientHello: it offers compression",
    );
  }
  if (known.preSharedKey !== undefined && known.pskKeyExchangeModes === undefined) {
    throw missingExtension("psk_key_exchange_modes", "MISSING_EXTENSION");
  }
  if (known.preSharedKey === undefined) {
    if (known.supportedGroups === undefined) throw missingExtension("supported_groups", "NO_SHARED_GROUP");
    if (known.signatureAlgorithms === undefined) {
      throw missingExtension("signature_algorithms", "NO_COMMON_SIGNATURE_ALGORITHMS");
    }
  }
  requireMatchingKeyShares(hello);
}

/** RFC 8446, Sections 4.2.8 and 9.2: key_share and supported_groups go together, and shares are for groups named. */
function requireMatchingKeyShares({ known }: ClientHello): void {
  const { keyShare, supportedGroups } = known;
  if (keyShare === undefined && supportedGroups !== undefined) {
    throw missingExtension("key_share", "MISSING_KEY_SHARE");
  }
  if (keyShare !== undefined && supportedGroups === undefined) {
    throw missingExtension("supported_groups", "NO_SHARED_GROUP");
  }
  for (const { group } of keyShare ?? []) {
    if (supportedGroups?.includes(group)) continue;
    const message = `Cannot accept a key share for ${
      nameOf(NamedGroup, group)
    }: it is not in supported_groups`;
    throw illegalParameter("WRONG_CURVE", message);
  }
}

function missingExtension(name: string, reason: string): PeerMisbehaved {
  const alert = AlertDescription.missing_extension;
  return new PeerMisbehaved(`Cannot accept the ClientHello: ${name} is missing`, { alert, reason });
}
