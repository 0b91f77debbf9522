import { ExtensionType } from "../../tls_constants.ts";
import type { ExtensionCodec } from "./extension.ts";

/** SignatureScheme numbers for signatures inside certificates (RFC 8446, Section 4.2.3). */
export const signatureAlgorithmsCert: ExtensionCodec<readonly number[]> = {
  type: ExtensionType.signature_algorithms_cert,
  decode: (reader) => reader.u16Vector16(2),
  encode: (writer, schemes) => writer.u16Vector16(schemes),
};
