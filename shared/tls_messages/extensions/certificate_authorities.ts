import type { ByteReader } from "../../codec/byte_reader.ts";
import type { ByteWriter } from "../../codec/byte_writer.ts";
import { ExtensionType } from "../../tls_constants.ts";
import type { ExtensionCodec } from "./extension.ts";

/** DER DistinguishedNames of the certificate authorities that the sender trusts, at least one (RFC 8446, Section 4.2.4). */
export const certificateAuthorities: ExtensionCodec<readonly Uint8Array[]> = {
  type: ExtensionType.certificate_authorities,
  decode: (reader) => readDistinguishedNames(reader.nested16(3)),
  encode: writeDistinguishedNames,
};

/** Names up to the reader's end; TLS 1.2's CertificateRequest has the same list, where it may be empty. */
export function readDistinguishedNames(list: ByteReader): Uint8Array[] {
  const names: Uint8Array[] = [];
  while (list.remaining > 0) names.push(list.vector16(1));
  return names;
}

/** A vector of DER names, as CertificateRequest of TLS 1.2 has it too (RFC 5246, Section 7.4.4). */
export function writeDistinguishedNames(writer: ByteWriter, names: readonly Uint8Array[]): void {
  writer.vector16((list) => {
    for (const name of names) list.vector16(name);
  });
}
