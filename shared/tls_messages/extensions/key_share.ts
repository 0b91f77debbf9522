import type { ByteReader } from "../../codec/byte_reader.ts";
import type { ByteWriter } from "../../codec/byte_writer.ts";
import { ExtensionType, NamedGroup, nameOf } from "../../tls_constants.ts";
import { illegalParameter } from "../errors.ts";
import type { ExtensionCodec } from "./extension.ts";

/** RFC 8446, Section 4.2.8. `keyExchange` is at least one byte; its form is the group's own affair. */
export interface KeyShareEntry {
  /** NamedGroup number. */
  readonly group: number;
  readonly keyExchange: Uint8Array;
}

function readEntry(reader: ByteReader): KeyShareEntry {
  return { group: reader.u16(), keyExchange: reader.vector16(1) };
}

function writeEntry(writer: ByteWriter, entry: KeyShareEntry): void {
  writer.u16(entry.group);
  writer.vector16(entry.keyExchange);
}

/** client_shares: by preference, possibly none, never two for one group. */
export const keyShareClientHello: ExtensionCodec<readonly KeyShareEntry[]> = {
  type: ExtensionType.key_share,
  reason: "DECODE_ERROR",
  decode(reader) {
    const list = reader.nested16();
    const entries: KeyShareEntry[] = [];
    const groups = new Set<number>();
    while (list.remaining > 0) {
      const entry = readEntry(list);
      if (groups.has(entry.group)) {
        const group = nameOf(NamedGroup, entry.group);
        throw illegalParameter("DUPLICATE_KEY_SHARE", `Cannot accept the key shares: two are for ${group}`);
      }
      groups.add(entry.group);
      entries.push(entry);
    }
    return entries;
  },
  encode(writer, entries) {
    writer.vector16((list) => {
      for (const entry of entries) writeEntry(list, entry);
    });
  },
};

/** server_share: the server's answer to one of the client's shares. */
export const keyShareServerHello: ExtensionCodec<KeyShareEntry> = {
  type: ExtensionType.key_share,
  reason: "DECODE_ERROR",
  decode: readEntry,
  encode: writeEntry,
};

/** selected_group: the NamedGroup that the second ClientHello must have a share for. */
export const keyShareHelloRetryRequest: ExtensionCodec<number> = {
  type: ExtensionType.key_share,
  reason: "DECODE_ERROR",
  decode: (reader) => reader.u16(),
  encode: (writer, group) => writer.u16(group),
};
