import { ExtensionType } from "../../tls_constants.ts";
import type { ExtensionCodec } from "./extension.ts";

/** PskKeyExchangeMode numbers, one byte each, unknown ones included (RFC 8446, Section 4.2.9). */
export const pskKeyExchangeModes: ExtensionCodec<readonly number[]> = {
  type: ExtensionType.psk_key_exchange_modes,
  reason: "DECODE_ERROR",
  decode: (reader) => [...reader.vector8(1)],
  encode: (writer, modes) => writer.u8Vector8(modes),
};
