import { ExtensionType } from "../../tls_constants.ts";
import { emptyExtension, type ExtensionCodec } from "./extension.ts";

/** The client sends 0-RTT data, or the server takes it (RFC 8446, Section 4.2.10). */
export const earlyData: ExtensionCodec<true> = emptyExtension(ExtensionType.early_data);

/** max_early_data_size, in bytes, in a NewSessionTicket. */
export const earlyDataNewSessionTicket: ExtensionCodec<number> = {
  type: ExtensionType.early_data,
  decode: (reader) => reader.u32(),
  encode: (writer, size) => writer.u32(size),
};
