import { ExtensionType } from "../../tls_constants.ts";
import { emptyExtension, type ExtensionCodec } from "./extension.ts";

/** The wish for timestamps (RFC 6962, Section 3.3.1). */
export const signedCertificateTimestampRequest: ExtensionCodec<true> = emptyExtension(
  ExtensionType.signed_certificate_timestamp,
);

/** A SignedCertificateTimestampList: at least one SerializedSCT, none empty. */
export const signedCertificateTimestamps: ExtensionCodec<readonly Uint8Array[]> = {
  type: ExtensionType.signed_certificate_timestamp,
  decode(reader) {
    const list = reader.nested16(1);
    const timestamps: Uint8Array[] = [];
    while (list.remaining > 0) timestamps.push(list.vector16(1));
    return timestamps;
  },
  encode(writer, timestamps) {
    writer.vector16((list) => {
      for (const timestamp of timestamps) list.vector16(timestamp);
    });
  },
};
