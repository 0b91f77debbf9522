import { ExtensionType } from "../../tls_constants.ts";
import type { ExtensionCodec } from "./extension.ts";

/** SignatureScheme numbers for CertificateVerify (and certificates), by preference (RFC 8446, Section 4.2.3). */
export const signatureAlgorithms: ExtensionCodec<readonly number[]> = {
  type: ExtensionType.signature_algorithms,
  decode: (reader) => reader.u16Vector16(2),
  encode: (writer, schemes) => writer.u16Vector16(schemes),
};
