/**
 * Ticket keys on their way from one worker to a sibling, sealed with HPKE (RFC 9180) from pool to pool:
 *
 *    kind (1) = 1 | serial (8) | encapsulated key (32) | count (1) | count times:
 *        name (16) | domain (1 + n) | epoch (4) | origin (1 + n) |
 *        age (8) | seals from (8) | seals until (8) | opens until (8) | sealed key (32 + 16)
 *
 * Times are milliseconds: the age at the moment of sending, the others from the key's making, so that no two clocks
 * need agree; all ones: never. There is at least one key. Sender, receiver, serial and count go into the HPKE keys, each key's name and times into its additional
 * data, so that whoever carries the message can drop it, and nothing else.
 */
import { ByteReader } from "../../../shared/codec/byte_reader.ts";
import { ByteWriter } from "../../../shared/codec/byte_writer.ts";
import { bytesFromLatin1, latin1FromBytes } from "../../../shared/codec/latin1.ts";
import { aeadTagLength } from "../../../shared/libcrypto/aead.ts";
import { type HpkeAead, HpkeContext } from "../../../shared/libcrypto/hpke.ts";
import { EphemeralKeyPair } from "../../../shared/libcrypto/key_agreement.ts";
import type { LockedPool } from "../../../shared/memory/locked_pool.ts";
import { ticketKeyLength, ticketKeyNameLength } from "../../tls/tickets/ticket_key_provider.ts";
import { type AgingKey, never } from "../aging_key.ts";
import { SiblingMessageError } from "../errors.ts";

/** Who sends to whom, and the how manieth of the sender's messages it is. Numbers of workers, from 1. */
export interface Passage {
  readonly from: number;
  readonly to: number;
  readonly serial: number;
}

/** Keys that one message may have: its count is a byte, and carriers bound a message's length. */
export const mostKeysInMessage = 96;

/** First byte of a message: keys, or the wish for them. */
export const messageKind = { keys: 1, want: 2 } as const;

const aead: HpkeAead = "chacha20-poly1305";
const publicKeyLength = 32;
const never64 = 2n ** 64n - 1n;

/** Seals `keys` for the sibling whose X25519 key is `publicKey`. Throws KeyAgreementError when that is none. */
export function sealKeys(
  pool: LockedPool,
  publicKey: Uint8Array,
  passage: Passage,
  keys: readonly AgingKey[],
  now: number,
): Uint8Array {
  using ephemeral = EphemeralKeyPair.generate("x25519");
  using context = HpkeContext.forSender(pool, ephemeral, publicKey, {
    aead,
    info: bindingOf(passage, keys.length),
  });
  const writer = new ByteWriter(64 + 128 * keys.length);
  writer.u8(messageKind.keys);
  writer.u64(BigInt(passage.serial));
  writer.bytes(ephemeral.publicKey);
  writer.u8(keys.length);
  for (const key of keys) {
    const header = encodeHeader(key, now);
    writer.bytes(header);
    writer.bytes(context.seal(header, key.secret.bytes));
  }
  return writer.finish();
}

/**
 * The keys in a message; the receiver disposes them. Throws {@link SiblingMessageError}, and leaves nothing rented, when
 * it was not sealed by `from` for `recipient`, or has been sent before (`after`: the last serial taken from there).
 */
export function openKeys(
  pool: LockedPool,
  recipient: EphemeralKeyPair,
  { from, to, after }: { readonly from: number; readonly to: number; readonly after: number },
  message: Uint8Array,
  now: number,
): { readonly serial: number; readonly keys: AgingKey[] } {
  const keys: AgingKey[] = [];
  try {
    const reader = new ByteReader(message, "ticket keys");
    if (reader.u8() !== messageKind.keys) throw reader.refuse("the message is of another kind");
    const serial = Number(reader.u64());
    if (serial <= after) throw reader.refuse("the message has been taken before");
    const encapsulatedKey = reader.bytes(publicKeyLength);
    const count = reader.u8();
    // Nothing in it would be sealed, its serial least of all.
    if (count === 0) throw reader.refuse("the message has no keys");
    const info = bindingOf({ from, to, serial }, count);
    using context = HpkeContext.forRecipient(pool, recipient, encapsulatedKey, { aead, info });
    for (let index = 0; index < count; index++) {
      const start = reader.position;
      const facts = decodeHeader(reader, now);
      const header = message.subarray(start, reader.position);
      const secret = context.open(pool, header, reader.bytes(ticketKeyLength + aeadTagLength));
      keys.push({ ...facts, secret });
    }
    reader.end();
    return { serial, keys };
  } catch (cause) {
    for (const { secret } of keys) secret[Symbol.dispose]();
    throw new SiblingMessageError(cause instanceof Error ? cause.message : "it is malformed", { cause });
  }
}

function bindingOf({ from, to, serial }: Passage, count: number): Uint8Array {
  const writer = new ByteWriter(64);
  writer.vector8(new TextEncoder().encode("holdfast ticket keys 1"));
  writer.u32(from);
  writer.u32(to);
  writer.u64(BigInt(serial));
  writer.u8(count);
  return writer.finish();
}

function encodeHeader(key: AgingKey, now: number): Uint8Array {
  const writer = new ByteWriter(128);
  writer.bytes(key.name);
  writer.vector8(bytesFromLatin1(key.domain));
  writer.u32(key.epoch);
  writer.vector8(bytesFromLatin1(key.origin));
  for (
    const milliseconds of [
      now - key.madeAt,
      key.sealsFrom - key.madeAt,
      key.sealsUntil - key.madeAt,
      key.opensUntil - key.madeAt,
    ]
  ) {
    writer.u64(milliseconds === never ? never64 : BigInt(Math.round(milliseconds)));
  }
  return writer.finish();
}

/** The key without its secret. */
function decodeHeader(reader: ByteReader, now: number): Omit<AgingKey, "secret"> {
  const name = reader.bytes(ticketKeyNameLength).slice();
  const domain = latin1FromBytes(reader.vector8());
  const epoch = reader.u32();
  const origin = latin1FromBytes(reader.vector8());
  const madeAt = now - Number(reader.u64());
  const fromMaking = () => {
    const milliseconds = reader.u64();
    return milliseconds === never64 ? never : madeAt + Number(milliseconds);
  };
  return {
    name,
    domain,
    epoch,
    origin,
    madeAt,
    sealsFrom: fromMaking(),
    sealsUntil: fromMaking(),
    opensUntil: fromMaking(),
  };
}
