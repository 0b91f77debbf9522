import { ExtensionType } from "../../tls_constants.ts";
import type { ExtensionCodec } from "./extension.ts";

/** How many zero bytes a ClientHello is padded by (RFC 7685). What the bytes are is nobody's business. */
export const padding: ExtensionCodec<number> = {
  type: ExtensionType.padding,
  decode: (reader) => reader.rest().length,
  encode: (writer, length) => writer.bytes(new Uint8Array(length)),
};
