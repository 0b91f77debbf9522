import { concatenate } from "../../../shared/codec/concatenate.ts";
import { aeadNonceLength, aeadTagLength, keyAead } from "../../../shared/libcrypto/aead.ts";
import { randomBytes } from "../../../shared/libcrypto/random.ts";
import type { LockedPool } from "../../../shared/memory/locked_pool.ts";
import type { Secret } from "../../../shared/memory/secret.ts";
import { decodeSessionState, encodeSessionState, type SessionState } from "./session_state.ts";
import { ticketKeyNameLength, type TicketKeyProvider } from "./ticket_key_provider.ts";

/*
 * A ticket:
 *
 *    name (16) | nonce (12) | sealed secret (secret + 16) | sealed state (state + 16)
 *
 * The secret goes from the pool into the AEAD and back without ever being in ordinary memory, which is why it is
 * sealed apart from the state. The two never share a nonce: the last bit tells them apart. The state's additional data
 * is the head and the ticket domain, the secret's everything else of the ticket: no part of one ticket fits another, and
 * none opens in another domain, not even where a provider has one key for all.
 */
const aead = "aes-256-gcm";
const headLength = ticketKeyNameLength + aeadNonceLength;

/** A session that a ticket brought back. The receiver disposes the secret. */
export interface ResumableSession {
  readonly state: SessionState;
  readonly secret: Secret;
}

/** Undefined when the provider has no key for new tickets of the domain. */
export function sealTicket(
  keys: TicketKeyProvider,
  domain: string,
  state: SessionState,
  secret: Secret,
): Uint8Array | undefined {
  const key = keys.sealingKey(domain);
  if (key === undefined) return undefined;
  const encoded = encodeSessionState(state);
  const sealedSecretLength = secret.length + aeadTagLength;
  const ticket = new Uint8Array(headLength + sealedSecretLength + encoded.length + aeadTagLength);
  ticket.set(key.name);
  ticket.set(randomBytes(aeadNonceLength), ticketKeyNameLength);
  const head = ticket.subarray(0, headLength);
  const sealedSecret = ticket.subarray(headLength, headLength + sealedSecretLength);
  const sealedState = ticket.subarray(headLength + sealedSecretLength);
  using keyed = keyAead(aead, key.secret, "seal");
  keyed.seal(nonceOf(head, 1), withDomain(head, domain), encoded, sealedState);
  keyed.seal(nonceOf(head, 0), concatenate([head, sealedState]), secret.bytes, sealedSecret);
  return ticket;
}

/** Undefined for a ticket that is not ours, not whole, or of a key that is gone: a full handshake, never an alert. */
export function openTicket(
  pool: LockedPool,
  keys: TicketKeyProvider,
  domain: string,
  ticket: Uint8Array,
  secretLength: number,
): ResumableSession | undefined {
  const sealedSecretLength = secretLength + aeadTagLength;
  if (ticket.length < headLength + sealedSecretLength + aeadTagLength) return undefined;
  const key = keys.openingKey(ticket.subarray(0, ticketKeyNameLength), domain);
  if (key === undefined) return undefined;
  const head = ticket.subarray(0, headLength);
  const sealedSecret = ticket.subarray(headLength, headLength + sealedSecretLength);
  const sealedState = ticket.subarray(headLength + sealedSecretLength);
  using keyed = keyAead(aead, key.secret, "open");
  const encoded = new Uint8Array(sealedState.length - aeadTagLength);
  const openedState = keyed.open(nonceOf(head, 1), withDomain(head, domain), sealedState, encoded);
  if (openedState === undefined) return undefined;
  const state = decodeSessionState(encoded);
  if (state === undefined) return undefined;
  const secret = pool.rent(secretLength);
  if (
    keyed.open(nonceOf(head, 0), concatenate([head, sealedState]), sealedSecret, secret.bytes) !== undefined
  ) {
    return { state, secret };
  }
  secret[Symbol.dispose]();
  return undefined;
}

const encoder = new TextEncoder();

function withDomain(head: Uint8Array, domain: string): Uint8Array {
  return concatenate([head, encoder.encode(domain)]);
}

function nonceOf(head: Uint8Array, part: 0 | 1): Uint8Array {
  const nonce = head.slice(ticketKeyNameLength, headLength);
  nonce[aeadNonceLength - 1] = nonce[aeadNonceLength - 1]! & 0xfe | part;
  return nonce;
}
