import { ExtensionType } from "../../tls_constants.ts";
import type { ExtensionCodec } from "./extension.ts";

/** RFC 7250, Section 3: the IANA numbers of certificate types. Only X509 is spoken. */
export const CertificateType = { X509: 0, RawPublicKey: 2 } as const;

/** What the client can present. X509 is what a client without the extension can, so a list of it alone is malformed. */
export const clientCertificateTypes: ExtensionCodec<readonly number[]> = typeList(
  ExtensionType.client_certificate_type,
);

/** What the client can read of the server. */
export const serverCertificateTypes: ExtensionCodec<readonly number[]> = typeList(
  ExtensionType.server_certificate_type,
);

/** The server's choice for the client's certificate. */
export const selectedClientCertificateType: ExtensionCodec<number> = oneType(
  ExtensionType.client_certificate_type,
);

/** The server's choice for its own certificate. */
export const selectedServerCertificateType: ExtensionCodec<number> = oneType(
  ExtensionType.server_certificate_type,
);

function typeList(type: number): ExtensionCodec<readonly number[]> {
  return {
    type,
    reason: "DECODE_ERROR",
    decode(reader) {
      const types = [...reader.vector8(1)];
      if (types.length === 1 && types[0] === CertificateType.X509) {
        throw reader.refuse("a list of X509 alone must be left out");
      }
      return types;
    },
    encode: (writer, types) => writer.u8Vector8(types),
  };
}

function oneType(type: number): ExtensionCodec<number> {
  return {
    type,
    reason: "DECODE_ERROR",
    decode: (reader) => reader.u8(),
    encode: (writer, value) => writer.u8(value),
  };
}
