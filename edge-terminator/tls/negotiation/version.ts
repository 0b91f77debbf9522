import { AlertDescription, ProtocolVersion } from "../../../shared/tls_constants.ts";
import type { ClientHello } from "../../../shared/tls_messages/client_hello.ts";
import { nothingInCommon } from "../errors.ts";

/**
 * The version of the handshake.
 *
 * RFC 8446, Section 4.2.1: supported_versions alone decides where it is there; without it the client is one of
 * TLS 1.2 or older, whatever legacy_version says beyond that.
 */
export function chooseVersion(hello: ClientHello): "TLS 1.3" {
  if (offeredVersions(hello).includes(ProtocolVersion.TLSv1_3)) return "TLS 1.3";
  throw nothingInCommon(AlertDescription.protocol_version, "UNSUPPORTED_PROTOCOL", "no version is common");
}

/** What the client speaks, as far as it says. */
export function offeredVersions(hello: ClientHello): readonly number[] {
  return hello.known.supportedVersions ?? [Math.min(hello.legacyVersion, ProtocolVersion.TLSv1_2)];
}
