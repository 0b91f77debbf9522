import type { AeadName } from "../../../shared/libcrypto/aead.ts";
import type { HashName } from "../../../shared/libcrypto/digest.ts";

/** A secret as the audit knows it, from its own side. */
export interface NamedSecret {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** The hash that it keys an HMAC of, if it does. */
  readonly hmac?: HashName;
  /** The AEAD that it is the key of, if it is one. */
  readonly aead?: AeadName;
  /**
   * While the session is open the server needs it: the search has to find it in locked memory, which shows that the
   * search works.
   */
  readonly isKept?: boolean;
  /** The server needs it after the connection's end too: a session that it keeps by its id. */
  readonly isCached?: boolean;
  /** Chance would find its other forms, for it has few random bytes. */
  readonly isRawOnly?: boolean;
}
