import { AlertDescription, ProtocolVersion } from "../../../shared/tls_constants.ts";
import type { ClientHello } from "../../../shared/tls_messages/client_hello.ts";
import { nothingInCommon } from "../errors.ts";
import type { ResolvedOptions, TlsVersion } from "../server_options.ts";

const versionNumbers: Readonly<Record<TlsVersion, number>> = {
  "TLS 1.3": ProtocolVersion.TLSv1_3,
  "TLS 1.2": ProtocolVersion.TLSv1_2,
};

/**
 * The version of the handshake.
 *
 * RFC 8446, Section 4.2.1: supported_versions alone decides where it is there; without it the client is one of
 * TLS 1.2 or older, whatever legacy_version says beyond that.
 */
export function chooseVersion(options: ResolvedOptions, hello: ClientHello): TlsVersion {
  const offered = offeredVersions(hello);
  for (const version of ["TLS 1.3", "TLS 1.2"] as const) {
    if (options.versions.includes(version) && offered.includes(versionNumbers[version])) return version;
  }
  throw nothingInCommon(AlertDescription.protocol_version, "UNSUPPORTED_PROTOCOL", "no version is common");
}

/** What the client speaks, as far as it says. */
export function offeredVersions(hello: ClientHello): readonly number[] {
  return hello.known.supportedVersions ?? [Math.min(hello.legacyVersion, ProtocolVersion.TLSv1_2)];
}
