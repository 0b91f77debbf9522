import { bytesFromLatin1, latin1FromBytes } from "../../codec/latin1.ts";
import { AlertDescription, ExtensionType } from "../../tls_constants.ts";
import { PeerMisbehaved } from "../errors.ts";
import { emptyExtension, type ExtensionCodec } from "./extension.ts";

const hostNameType = 0;
const longestHostName = 253;
const hostNamePattern = /^(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}$/;
const numericLastLabel = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/;

/**
 * The client's SNI: one DNS name, in lower case once decoded (RFC 6066, Section 3).
 *
 * The list was meant to be extensible and cannot be any more, so exactly one host_name is taken. A name with a
 * zero byte, a trailing dot or another character that no host name has, and an IP literal, are refused: the name
 * decides which key is asked for, so there must be one way to write it.
 */
export const serverName: ExtensionCodec<string> = {
  type: ExtensionType.server_name,
  decode(reader) {
    const list = reader.nested16(1);
    const nameType = list.u8();
    const bytes = list.vector16(1);
    list.end();
    const name = latin1FromBytes(bytes).toLowerCase();
    if (nameType !== hostNameType || !isHostName(name)) {
      throw new PeerMisbehaved("Cannot accept the server name: it is not a DNS host name", {
        alert: AlertDescription.unrecognized_name,
        reason: "ERROR_PARSING_EXTENSION",
      });
    }
    return name;
  },
  encode(writer, name) {
    writer.vector16((list) => {
      list.u8(hostNameType);
      list.vector16(bytesFromLatin1(name));
    });
  },
};

/** The server's word that it used the name: nothing but its presence. */
export const serverNameAcknowledged: ExtensionCodec<true> = emptyExtension(ExtensionType.server_name);

/** Whether a lower-case name can be a DNS host name, underscores tolerated, and no IPv4 or IPv6 address. */
function isHostName(name: string): boolean {
  return name.length <= longestHostName && hostNamePattern.test(name) && !numericLastLabel.test(name);
}
