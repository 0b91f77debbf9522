import type { Secret } from "../../../shared/memory/secret.ts";

/** Bytes of a key's name, with which every ticket begins, and of the key. */
export const ticketKeyNameLength = 16;

/** AES-256-GCM, bytes. */
export const ticketKeyLength = 32;

/** One key that tickets are sealed under. The secret is the provider's: never dispose it. */
export interface TicketKey {
  /** Random and public, 16 bytes: it stands at the front of every ticket. */
  readonly name: Uint8Array;
  /** AES-256-GCM, 32 bytes of the pool. */
  readonly secret: Secret;
}

/** The domain of sites that name none. */
export const defaultTicketDomain = "default";

/**
 * Where ticket keys come from: made here, read from files, handed out by a key server, or a third party's.
 *
 * Both methods are called on the handshake path: they answer at once from what is there. A key stays usable until
 * control goes back to the event loop.
 */
export interface TicketKeyProvider {
  /** The key for new tickets of a domain; undefined: none are issued. */
  sealingKey(domain: string): TicketKey | undefined;
  /**
   * The domain's key of this name, found in constant time; undefined: the ticket is no good, and a full handshake follows.
   * A key of another domain is none: who holds it could make tickets for this one.
   */
  openingKey(name: Uint8Array, domain: string): TicketKey | undefined;
}
