/**
 * What edges write to each other through a hub (shared/control_protocol/PROTOCOL.md, "Body"): keys, sealed with HPKE in
 * auth mode from pool to pool, and which of the receiver's keys the sender has.
 *
 * The hub can drop and delay letters, and nothing else: sender, receiver, serial and count go into the HPKE keys, what
 * belongs to a key into its additional data, and only who has the sender's private key can have sealed one.
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
import { LetterError } from "../errors.ts";

/** From one edge's instance to another's. Hexadecimal, 16 bytes. */
export interface LetterPath {
  readonly from: string;
  readonly to: string;
}

/** Milliseconds. */
export interface LetterClocks {
  /** By which keys age. */
  readonly now: number;
  /** Of the Unix epoch: tells what a letter took. */
  readonly wall: number;
}

/** What a letter says. */
export interface Letter {
  /** The sender's own. */
  readonly keys: readonly AgingKey[];
  /** Names of keys of the receiver's that the sender has. */
  readonly holds: readonly Uint8Array[];
}

/** A letter's keys and names at most: it stays under the protocol's bound with the longest domains. */
export const mostInLetter = 128;

const aead: HpkeAead = "chacha20-poly1305";
const publicKeyLength = 32;
const label = new TextEncoder().encode("holdfast ticket message 1");

/** Seals a letter by `sender` to the X25519 key of the other edge. Throws KeyAgreementError when that is none. */
export function sealLetter(
  pool: LockedPool,
  { sender, recipientPublicKey, path, serial }: {
    readonly sender: EphemeralKeyPair;
    readonly recipientPublicKey: Uint8Array;
    readonly path: LetterPath;
    readonly serial: number;
  },
  { keys, holds }: Letter,
  { now, wall }: LetterClocks,
): Uint8Array<ArrayBuffer> {
  using ephemeral = EphemeralKeyPair.generate("x25519");
  const info = bindingOf(path, serial, keys.length);
  using context = HpkeContext.forKnownSender(pool, ephemeral, sender, recipientPublicKey, { aead, info });
  const writer = new ByteWriter(128 + 256 * keys.length);
  writer.u64(BigInt(serial));
  writer.bytes(ephemeral.publicKey);
  writer.u8(keys.length);
  for (const key of keys) {
    const header = encodeHeader(key, now);
    writer.bytes(header);
    writer.bytes(context.seal(header, key.secret.bytes));
  }
  const notes = encodeNotes(holds, wall);
  writer.bytes(notes);
  writer.bytes(context.seal(notes, Uint8Array.of(0)));
  return writer.finish();
}

/**
 * What a letter says; whoever opens it disposes the keys. They never seal, and are as old as they were told to be, and what the
 * letter took. Throws {@link LetterError}, and leaves nothing rented, when it is not the sender's, not for this recipient, or
 * has been taken before (`after`: the last serial that was).
 */
export function openLetter(
  pool: LockedPool,
  { recipient, senderPublicKey, path, after }: {
    readonly recipient: EphemeralKeyPair;
    readonly senderPublicKey: Uint8Array;
    readonly path: LetterPath;
    readonly after: number;
  },
  body: Uint8Array,
  clocks: LetterClocks,
): Letter & { readonly serial: number } {
  const secrets: Disposable[] = [];
  try {
    const reader = new ByteReader(body, "ticket letter");
    const serial = Number(reader.u64());
    if (serial <= after) throw reader.refuse("it has been taken before");
    const encapsulatedKey = reader.bytes(publicKeyLength);
    const count = reader.u8();
    const binding = { aead, info: bindingOf(path, serial, count) };
    using context = HpkeContext.fromKnownSender(pool, recipient, senderPublicKey, encapsulatedKey, binding);
    const found = [];
    for (let index = 0; index < count; index++) {
      const start = reader.position;
      const told = decodeHeader(reader);
      const header = body.subarray(start, reader.position);
      const secret = context.open(pool, header, reader.bytes(ticketKeyLength + aeadTagLength));
      secrets.push(secret);
      found.push({ ...told, secret });
    }
    const start = reader.position;
    const { sentAt, holds } = decodeNotes(reader);
    const notes = body.subarray(start, reader.position);
    context.open(pool, notes, reader.bytes(1 + aeadTagLength))[Symbol.dispose]();
    reader.end();
    const sent = clocks.now - Math.max(0, clocks.wall - sentAt);
    return { serial, holds, keys: found.map((told) => foreignKey(told, path.from, sent)) };
  } catch (cause) {
    for (const secret of secrets) secret[Symbol.dispose]();
    throw new LetterError(cause instanceof Error ? cause.message : "it is malformed", { cause });
  }
}

function bindingOf({ from, to }: LetterPath, serial: number, count: number): Uint8Array {
  const writer = new ByteWriter(96);
  writer.vector8(label);
  writer.bytes(Uint8Array.fromHex(from));
  writer.bytes(Uint8Array.fromHex(to));
  writer.u64(BigInt(serial));
  writer.u8(count);
  return writer.finish();
}

/** A key as its maker tells of it: milliseconds, the age when it was sent, the others from its making. */
interface ToldKey extends Pick<AgingKey, "name" | "domain" | "epoch" | "secret"> {
  readonly age: number;
  readonly sealsFor: number;
  readonly opensFor: number;
}

function encodeHeader(key: AgingKey, now: number): Uint8Array {
  const writer = new ByteWriter(128);
  writer.bytes(key.name);
  writer.vector8(bytesFromLatin1(key.domain));
  writer.u32(key.epoch);
  writer.u64(BigInt(Math.max(0, Math.round(now - key.madeAt))));
  writer.u64(BigInt(Math.round(key.sealsUntil - key.madeAt)));
  writer.u64(BigInt(Math.round(key.opensUntil - key.madeAt)));
  return writer.finish();
}

function decodeHeader(reader: ByteReader): Omit<ToldKey, "secret"> {
  return {
    name: reader.bytes(ticketKeyNameLength).slice(),
    domain: latin1FromBytes(reader.vector8(1)),
    epoch: reader.u32(),
    age: Number(reader.u64()),
    sealsFor: Number(reader.u64()),
    opensFor: Number(reader.u64()),
  };
}

function foreignKey(
  { name, domain, epoch, secret, age, sealsFor, opensFor }: ToldKey,
  origin: string,
  sent: number,
): AgingKey {
  const madeAt = sent - age;
  return {
    name,
    domain,
    epoch,
    secret,
    origin,
    madeAt,
    sealsFrom: never,
    sealsUntil: madeAt + sealsFor,
    opensUntil: madeAt + opensFor,
  };
}

function encodeNotes(holds: readonly Uint8Array[], wall: number): Uint8Array {
  const writer = new ByteWriter(16 + ticketKeyNameLength * holds.length);
  writer.u64(BigInt(Math.round(wall)));
  writer.u16(holds.length);
  for (const name of holds) writer.bytes(name);
  return writer.finish();
}

function decodeNotes(reader: ByteReader) {
  const sentAt = Number(reader.u64());
  const holds = Array.from({ length: reader.u16() }, () => reader.bytes(ticketKeyNameLength).slice());
  return { sentAt, holds };
}
