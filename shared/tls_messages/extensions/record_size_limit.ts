import { ExtensionType } from "../../tls_constants.ts";
import { illegalParameter } from "../errors.ts";
import type { ExtensionCodec } from "./extension.ts";

const smallestLimit = 64;

/**
 * The most plaintext bytes that the sender takes in one record; in TLS 1.3 the content type and padding count
 * (RFC 8449, Section 4). A value over the protocol's own limit is fine and means that limit.
 */
export const recordSizeLimit: ExtensionCodec<number> = {
  type: ExtensionType.record_size_limit,
  decode(reader) {
    const limit = reader.u16();
    if (limit < smallestLimit) {
      const message = `Cannot accept a record size limit of ${limit}: the least is ${smallestLimit}`;
      throw illegalParameter("ERROR_PARSING_EXTENSION", message);
    }
    return limit;
  },
  encode: (writer, limit) => writer.u16(limit),
};
