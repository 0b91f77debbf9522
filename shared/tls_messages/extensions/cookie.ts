import { ExtensionType } from "../../tls_constants.ts";
import type { ExtensionCodec } from "./extension.ts";

/** What a HelloRetryRequest gives and the second ClientHello gives back (RFC 8446, Section 4.2.2). */
export const cookie: ExtensionCodec<Uint8Array> = {
  type: ExtensionType.cookie,
  decode: (reader) => reader.vector16(1),
  encode: (writer, value) => writer.vector16(value),
};
