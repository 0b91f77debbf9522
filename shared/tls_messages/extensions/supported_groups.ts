import { ExtensionType } from "../../tls_constants.ts";
import type { ExtensionCodec } from "./extension.ts";

/** NamedGroup numbers by the sender's preference, unknown and GREASE ones included (RFC 8446, Section 4.2.7). */
export const supportedGroups: ExtensionCodec<readonly number[]> = {
  type: ExtensionType.supported_groups,
  decode: (reader) => reader.u16Vector16(2),
  encode: (writer, groups) => writer.u16Vector16(groups),
};
