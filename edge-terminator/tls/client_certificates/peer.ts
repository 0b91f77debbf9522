/** A client whose certificate was accepted, and who has the key to it. */
export interface AuthenticatedPeer {
  /** DER, leaf first, as the client sent it. */
  readonly chain: readonly Uint8Array[];
  /** IANA number of what it signed with. */
  readonly signatureScheme: number;
  /** Milliseconds of the wall clock: when it signed, which a resumption does not do again. */
  readonly authenticatedAt: number;
}
