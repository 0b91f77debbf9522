import { ECPointFormat, ExtensionType } from "../../tls_constants.ts";
import { illegalParameter } from "../errors.ts";
import type { ExtensionCodec } from "./extension.ts";

/** ECPointFormat numbers, one byte each (RFC 8422, Section 5.1.2). TLS 1.2 only. */
export const ecPointFormats: ExtensionCodec<readonly number[]> = {
  type: ExtensionType.ec_point_formats,
  decode: (reader) => [...reader.vector8(1)],
  encode: (writer, formats) => writer.u8Vector8(formats),
};

/** Refuses a list without `uncompressed` (RFC 8422, Section 5.1.2). Not for TLS 1.3, where the list means nothing. */
export function requireUncompressedPoints(formats: readonly number[] | undefined): void {
  if (formats === undefined || formats.includes(ECPointFormat.uncompressed)) return;
  throw illegalParameter(
    "ERROR_PARSING_EXTENSION",
    "Cannot accept the point formats: uncompressed is missing",
  );
}
