import type { ByteReader } from "../../codec/byte_reader.ts";
import { ExtensionType } from "../../tls_constants.ts";
import { illegalParameter } from "../errors.ts";
import type { ExtensionCodec } from "./extension.ts";

/** RFC 8446, Section 4.2.11. */
export interface PskIdentity {
  /** A ticket, or an external key's name. */
  readonly identity: Uint8Array;
  /** Milliseconds since the ticket came plus ticket_age_add, modulo 2^32. */
  readonly obfuscatedTicketAge: number;
}

/** Identities and binders, as many of the one as of the other. */
export interface OfferedPsks {
  readonly identities: readonly PskIdentity[];
  /**
   * HMAC values. The RFC wants 32 to 255 bytes; any length from 1 is let through here, because a binder of the wrong
   * length is a binder that does not match: decrypt_error, from whoever compares it.
   */
  readonly binders: readonly Uint8Array[];
}

/** The bytes that the binders list takes at the end of a ClientHello, its length field included. */
export function bindersListLength(offered: OfferedPsks): number {
  return offered.binders.reduce((length, binder) => length + 1 + binder.length, 2);
}

/** RFC 8446, Section 4.2.11; identities and binders must be as many. */
export const preSharedKeyClientHello: ExtensionCodec<OfferedPsks> = {
  type: ExtensionType.pre_shared_key,
  reason: "DECODE_ERROR",
  decode(reader) {
    const identities = readList(reader, (list) => ({
      identity: list.vector16(1),
      obfuscatedTicketAge: list.u32(),
    }));
    const binders = readList(reader, (list) => list.vector8(1));
    if (identities.length !== binders.length) {
      const counts = `${identities.length} identities, ${binders.length} binders`;
      throw illegalParameter(
        "PSK_IDENTITY_BINDER_COUNT_MISMATCH",
        `Cannot accept the offered keys: ${counts}`,
      );
    }
    return { identities, binders };
  },
  encode(writer, { identities, binders }) {
    writer.vector16((list) => {
      for (const { identity, obfuscatedTicketAge } of identities) {
        list.vector16(identity);
        list.u32(obfuscatedTicketAge);
      }
    });
    writer.vector16((list) => {
      for (const binder of binders) list.vector8(binder);
    });
  },
};

/** selected_identity: the index of the accepted one in the client's list. */
export const preSharedKeyServerHello: ExtensionCodec<number> = {
  type: ExtensionType.pre_shared_key,
  reason: "DECODE_ERROR",
  decode: (reader) => reader.u16(),
  encode: (writer, index) => writer.u16(index),
};

function readList<T>(reader: ByteReader, readOne: (list: ByteReader) => T): T[] {
  const list = reader.nested16(1);
  const values: T[] = [];
  while (list.remaining > 0) values.push(readOne(list));
  return values;
}
