import { ByteReader } from "../codec/byte_reader.ts";
import { ByteWriter } from "../codec/byte_writer.ts";
import {
  type KeylessErrorCode,
  keylessErrorCode,
  keylessErrorNumbers,
  maximumReasonLength,
  ProtocolError,
} from "./errors.ts";
import { encodeFrame, type Frame } from "./frame.ts";

/** The answers' numbers on the wire: an answer frame's kind. */
export const answerNumbers = {
  "pong": 0x81,
  "signature": 0x82,
  "sealed-master-secret": 0x83,
  "error": 0xff,
} as const;

/** Answers a ping. */
export interface PongAnswer {
  readonly type: "pong";
}

/** Answers sign-tls13 and sign-tls12: the signature as the TLS message carries it (ECDSA in DER). */
export interface SignatureAnswer {
  readonly type: "signature";
  readonly signature: Uint8Array;
}

/** Answers rsa-key-exchange: 48 bytes of master secret, sealed by HPKE to the request's recipientPublicKey. */
export interface SealedMasterSecretAnswer {
  readonly type: "sealed-master-secret";
  readonly encapsulatedKey: Uint8Array /* 32 bytes */;
  readonly ciphertext: Uint8Array /* 48 + 16 bytes */;
}

/** Answers any request that was refused; with the id 0 it is about the connection, which is then closed. */
export interface ErrorAnswer {
  readonly type: "error";
  readonly code: KeylessErrorCode;
  /** Short and public, at most 255 bytes of UTF-8. */
  readonly reason: string;
}

/** Everything that a key server may answer. */
export type KeylessAnswer = PongAnswer | SignatureAnswer | SealedMasterSecretAnswer | ErrorAnswer;

const encapsulatedKeyLength = 32;
const sealedMasterSecretLength = 48 + 16;

function writeBody(writer: ByteWriter, answer: KeylessAnswer): void {
  switch (answer.type) {
    case "pong":
      return;
    case "signature":
      writer.vector16(expectSignature(answer.signature));
      return;
    case "sealed-master-secret":
      writer.bytes(expectLength("encapsulatedKey", answer.encapsulatedKey, encapsulatedKeyLength));
      writer.bytes(expectLength("ciphertext", answer.ciphertext, sealedMasterSecretLength));
      return;
    case "error":
      writer.u16(keylessErrorNumbers[answer.code]);
      writer.vector8(reasonBytes(answer.reason));
  }
}

/** The reason in UTF-8, cut to its bound between two characters. */
function reasonBytes(reason: string): Uint8Array {
  const bytes = new Uint8Array(maximumReasonLength);
  return bytes.subarray(0, new TextEncoder().encodeInto(reason, bytes).written);
}

function expectSignature(signature: Uint8Array): Uint8Array {
  if (signature.length > 0) return signature;
  throw new ProtocolError("Cannot use an answer: its signature is empty");
}

function expectLength(field: string, bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length === length) return bytes;
  throw new ProtocolError(`Cannot use an answer: ${field} has ${bytes.length} bytes instead of ${length}`);
}

/** Encodes an answer as a whole frame, header included; `id` is the request's. */
export function encodeAnswer(id: number, answer: KeylessAnswer): Uint8Array {
  const writer = new ByteWriter();
  writeBody(writer, answer);
  return encodeFrame({ id, kind: answerNumbers[answer.type], body: writer.finish() });
}

function readError(reader: ByteReader): ErrorAnswer {
  const number = reader.u16();
  const code = keylessErrorCode(number);
  if (code === undefined) throw new ProtocolError(`Cannot use an answer: the error ${number} is not defined`);
  return {
    type: "error",
    code,
    reason: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(reader.vector8()),
  };
}

function readBody(frame: Frame, reader: ByteReader): KeylessAnswer {
  switch (frame.kind) {
    case answerNumbers.pong:
      return { type: "pong" };
    case answerNumbers.signature:
      return { type: "signature", signature: expectSignature(reader.vector16()) };
    case answerNumbers["sealed-master-secret"]: {
      const encapsulatedKey = reader.bytes(encapsulatedKeyLength);
      const ciphertext = reader.bytes(sealedMasterSecretLength);
      return { type: "sealed-master-secret", encapsulatedKey, ciphertext };
    }
    case answerNumbers.error:
      return readError(reader);
    default:
      throw new ProtocolError(`Cannot use an answer: its kind ${frame.kind} is not defined`);
  }
}

/** Decodes an answer frame; byte fields are views onto the frame. Throws ProtocolError: close the connection. */
export function decodeAnswer(frame: Frame): KeylessAnswer {
  const reader = new ByteReader(frame.body);
  try {
    const answer = readBody(frame, reader);
    reader.end();
    return answer;
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    throw new ProtocolError("Cannot decode an answer: its body is malformed", { cause: error });
  }
}
