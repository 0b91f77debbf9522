/**
 * How workers of an edge, and edges, ask each other for a TLS 1.2 session:
 *
 *    hello:  17 | worker (2) | public key (32) | edge (3) | peers' edges (2 + 3 n)
 *    query:  18 | number (8) | session id (32) | domain (1 + n) | server name (1 + n)
 *    answer: 19 | number (8), and nothing more where there is no session, else
 *            encapsulated key (32) | age (8) | state (2 + n) | sealed master secret (48 + 16)
 *    remove: 20 | session id (32)
 *
 * An answer is sealed with HPKE in auth mode (RFC 9180: X25519, ChaCha20-Poly1305), from pool to pool, by the key of the
 * asked for the key of the asker: whoever carries messages can neither read a session nor make one up. All that was
 * asked, who asked and who was asked are bound in; age and state are additional data. The age is in milliseconds, so
 * that no two clocks need agree.
 */
import { ByteReader } from "../../shared/codec/byte_reader.ts";
import { ByteWriter } from "../../shared/codec/byte_writer.ts";
import { DecodeError } from "../../shared/codec/errors.ts";
import { sessionIdLength } from "../tls/sessions/session_cache.ts";
import type { SessionRequest } from "../tls/server_events.ts";
import { SessionMessageError } from "./errors.ts";
import { edgeLabelLength, workerLabelLength } from "./session_label.ts";

export const publicKeyLength = 32;
export const masterSecretLength = 48;
const tagLength = 16;

const kinds = { hello: 17, query: 18, answer: 19, remove: 20 } as const;

/** Whether a message is one of these: other kinds are of ticket keys. */
export function isAboutSessions(message: Uint8Array): boolean {
  return message[0]! >= kinds.hello && message[0]! <= kinds.remove;
}

/** From a worker to its siblings. Labels are hexadecimal digits. */
export interface SessionHello {
  readonly kind: "hello";
  readonly worker: string;
  readonly publicKey: Uint8Array;
  readonly edge: string;
  /** Edges that can be asked through this worker. */
  readonly peers: readonly string[];
}

export interface SessionQuery {
  readonly kind: "query";
  readonly number: number;
  readonly request: SessionRequest;
}

/** The session of an answer, sealed. */
export interface SealedSession {
  readonly encapsulatedKey: Uint8Array;
  /** Milliseconds since it was made. */
  readonly age: number;
  /** Encoded as in a ticket. */
  readonly state: Uint8Array;
  /** The master secret. */
  readonly sealed: Uint8Array;
}

export interface SessionAnswer {
  readonly kind: "answer";
  readonly number: number;
  readonly session?: SealedSession;
}

export interface SessionRemoval {
  readonly kind: "remove";
  readonly id: Uint8Array;
}

export type SessionMessage = SessionHello | SessionQuery | SessionAnswer | SessionRemoval;

const utf8 = new TextEncoder();
const text = new TextDecoder();

export function encodeSessionMessage(message: SessionMessage): Uint8Array {
  const writer = new ByteWriter();
  writer.u8(kinds[message.kind]);
  switch (message.kind) {
    case "hello":
      writer.bytes(Uint8Array.fromHex(message.worker));
      writer.bytes(message.publicKey);
      writer.bytes(Uint8Array.fromHex(message.edge));
      writer.vector16((list) => {
        for (const edge of message.peers) list.bytes(Uint8Array.fromHex(edge));
      });
      break;
    case "query":
      writer.u64(BigInt(message.number));
      writer.bytes(encodeRequest(message.request));
      break;
    case "answer":
      writer.u64(BigInt(message.number));
      if (message.session !== undefined) writeSession(writer, message.session);
      break;
    case "remove":
      writer.bytes(message.id);
  }
  return writer.finish();
}

/** What is asked, as it travels and as it is bound into the seals. */
export function encodeRequest({ sessionId, domain, serverName }: SessionRequest): Uint8Array {
  const writer = new ByteWriter();
  writer.bytes(sessionId);
  writer.vector8(utf8.encode(domain));
  writer.vector8(utf8.encode(serverName));
  return writer.finish();
}

/** What of a sealed session is not encrypted, as it is bound into its seal. */
export function encodeSessionFacts({ age, state }: Pick<SealedSession, "age" | "state">): Uint8Array {
  const writer = new ByteWriter();
  writer.u64(BigInt(age));
  writer.vector16(state);
  return writer.finish();
}

/** Throws {@link SessionMessageError}. */
export function decodeSessionMessage(message: Uint8Array): SessionMessage {
  const reader = new ByteReader(message, "a message about sessions");
  try {
    const decoded = decode(reader);
    reader.end();
    return decoded;
  } catch (cause) {
    if (!(cause instanceof DecodeError)) throw cause;
    throw new SessionMessageError(cause.message, { cause });
  }
}

function decode(reader: ByteReader): SessionMessage {
  switch (reader.u8()) {
    case kinds.hello:
      return {
        kind: "hello",
        worker: reader.bytes(workerLabelLength).toHex(),
        publicKey: reader.bytes(publicKeyLength).slice(),
        edge: reader.bytes(edgeLabelLength).toHex(),
        peers: readLabels(reader.nested16()),
      };
    case kinds.query:
      return { kind: "query", number: readNumber(reader), request: readRequest(reader) };
    case kinds.answer: {
      const number = readNumber(reader);
      return { kind: "answer", number, ...(reader.remaining > 0 && { session: readSession(reader) }) };
    }
    case kinds.remove:
      return { kind: "remove", id: reader.bytes(sessionIdLength).slice() };
    default:
      throw reader.refuse("its kind is not known");
  }
}

function writeSession(writer: ByteWriter, session: SealedSession): void {
  writer.bytes(session.encapsulatedKey);
  writer.bytes(encodeSessionFacts(session));
  writer.bytes(session.sealed);
}

function readSession(reader: ByteReader): SealedSession {
  return {
    encapsulatedKey: reader.bytes(publicKeyLength).slice(),
    age: readNumber(reader),
    state: reader.vector16().slice(),
    sealed: reader.bytes(masterSecretLength + tagLength).slice(),
  };
}

function readRequest(reader: ByteReader): SessionRequest {
  const sessionId = reader.bytes(sessionIdLength).slice();
  return { sessionId, domain: text.decode(reader.vector8()), serverName: text.decode(reader.vector8()) };
}

function readNumber(reader: ByteReader): number {
  const number = Number(reader.u64());
  if (!Number.isSafeInteger(number)) throw reader.refuse("a number is too large");
  return number;
}

function readLabels(reader: ByteReader): string[] {
  const labels: string[] = [];
  while (reader.remaining > 0) labels.push(reader.bytes(edgeLabelLength).toHex());
  return labels;
}
