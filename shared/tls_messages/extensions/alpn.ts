import type { ByteWriter } from "../../codec/byte_writer.ts";
import type { ByteReader } from "../../codec/byte_reader.ts";
import { bytesFromLatin1, latin1FromBytes } from "../../codec/latin1.ts";
import { ExtensionType } from "../../tls_constants.ts";
import type { ExtensionCodec } from "./extension.ts";

// A protocol name is any bytes. It is handled as a string with one character for each byte, so that "h2" reads as
// such and nothing is lost of a name that is no text (GREASE).
function readProtocolName(list: ByteReader): string {
  return latin1FromBytes(list.vector8(1));
}

function writeProtocolNames(writer: ByteWriter, names: readonly string[]): void {
  writer.vector16((list) => {
    for (const name of names) list.vector8(bytesFromLatin1(name));
  });
}

/** The client's application protocols by preference (RFC 7301, Section 3.1). */
export const alpnProtocols: ExtensionCodec<readonly string[]> = {
  type: ExtensionType.application_layer_protocol_negotiation,
  reason: "PARSE_TLSEXT",
  decode(reader) {
    const list = reader.nested16(2);
    const names: string[] = [];
    while (list.remaining > 0) names.push(readProtocolName(list));
    return names;
  },
  encode: writeProtocolNames,
};

/** The one protocol that the server selected. */
export const alpnSelected: ExtensionCodec<string> = {
  type: ExtensionType.application_layer_protocol_negotiation,
  decode(reader) {
    const list = reader.nested16(2);
    const name = readProtocolName(list);
    list.end();
    return name;
  },
  encode: (writer, name) => writeProtocolNames(writer, [name]),
};
