import { ExtensionType } from "../../tls_constants.ts";
import type { ExtensionCodec } from "./extension.ts";

/** The client's ProtocolVersion numbers by preference, unknown ones included (RFC 8446, Section 4.2.1). */
export const supportedVersions: ExtensionCodec<readonly number[]> = {
  type: ExtensionType.supported_versions,
  reason: "DECODE_ERROR",
  decode: (reader) => reader.nested8(2).u16sToEnd(),
  encode: (writer, versions) => writer.u16Vector8(versions),
};

/** selected_version: the one ProtocolVersion of a ServerHello or HelloRetryRequest. */
export const selectedVersion: ExtensionCodec<number> = {
  type: ExtensionType.supported_versions,
  reason: "DECODE_ERROR",
  decode: (reader) => reader.u16(),
  encode: (writer, version) => writer.u16(version),
};
