import { ExtensionType } from "../../tls_constants.ts";
import { illegalParameter } from "../errors.ts";
import type { ExtensionCodec } from "./extension.ts";

/** CertificateCompressionAlgorithm numbers by preference, none of them twice (RFC 8879, Section 3). */
export const compressCertificate: ExtensionCodec<readonly number[]> = {
  type: ExtensionType.compress_certificate,
  decode(reader) {
    const algorithms = reader.nested8(2).u16sToEnd();
    if (new Set(algorithms).size !== algorithms.length) {
      const message = "Cannot accept the certificate compression algorithms: one is there twice";
      throw illegalParameter("ERROR_PARSING_EXTENSION", message);
    }
    return algorithms;
  },
  encode: (writer, algorithms) => writer.u16Vector8(algorithms),
};
