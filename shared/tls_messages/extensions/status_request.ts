import { CertificateStatusType, ExtensionType } from "../../tls_constants.ts";
import { emptyExtension, type ExtensionCodec } from "./extension.ts";

/** Which OCSP responders the client trusts, and what to tell them (RFC 6066, Section 8). Both are usually empty. */
export interface OcspStatusRequest {
  readonly responderIds: readonly Uint8Array[];
  /** DER of OCSP Extensions. */
  readonly requestExtensions: Uint8Array;
}

/** An OcspStatusRequest that names no responder and no extension. */
const anyOcspResponder: OcspStatusRequest = { responderIds: [], requestExtensions: new Uint8Array(0) };

/** The client's wish for a stapled OCSP response; undefined for a kind of status that is not spoken here. */
export const statusRequest: ExtensionCodec<OcspStatusRequest | undefined> = {
  type: ExtensionType.status_request,
  decode(reader) {
    if (reader.u8() !== CertificateStatusType.ocsp) {
      reader.rest();
      return undefined;
    }
    const list = reader.nested16();
    const responderIds: Uint8Array[] = [];
    while (list.remaining > 0) responderIds.push(list.vector16(1));
    return { responderIds, requestExtensions: reader.vector16() };
  },
  encode(writer, { responderIds, requestExtensions } = anyOcspResponder) {
    writer.u8(CertificateStatusType.ocsp);
    writer.vector16((list) => {
      for (const responderId of responderIds) list.vector16(responderId);
    });
    writer.vector16(requestExtensions);
  },
};

/** "I shall staple" in a TLS 1.2 ServerHello, "do staple" in a TLS 1.3 CertificateRequest: presence alone. */
export const statusRequestFlag: ExtensionCodec<true> = emptyExtension(ExtensionType.status_request);

/** The DER of an OCSPResponse, stapled to a CertificateEntry (RFC 8446, Section 4.4.2.1). */
export const stapledOcspResponse: ExtensionCodec<Uint8Array> = {
  type: ExtensionType.status_request,
  reason: "DECODE_ERROR",
  decode(reader) {
    const statusType = reader.u8();
    if (statusType !== CertificateStatusType.ocsp) {
      throw reader.refuse(`status type ${statusType} is not ocsp`);
    }
    return reader.vector24(1);
  },
  encode(writer, response) {
    writer.u8(CertificateStatusType.ocsp);
    writer.vector24(response);
  },
};
