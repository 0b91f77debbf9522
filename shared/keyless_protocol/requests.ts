import { ByteReader } from "../codec/byte_reader.ts";
import { ByteWriter } from "../codec/byte_writer.ts";
import { KeylessError, ProtocolError } from "./errors.ts";
import { encodeFrame, type Frame } from "./frame.ts";
import {
  type KeylessKeyRequest,
  type KeylessRequest,
  type MasterSecretSeed,
  operationName,
  operationNumbers,
  type RsaKeyExchangeRequest,
  type SignTls12Request,
  type SignTls13Request,
  type Tls13Transcript,
} from "./operations.ts";
import { isWireServerName } from "./server_name.ts";

const subjectKeyIdentifierLength = 20;
const randomLength = 32;
/** The longest ClientHello to Certificate that `strict` carries, in bytes. */
export const maximumHandshakeMessagesLength = 65_000;
/** RSA-8192's. */
export const maximumEncryptedPreMasterSecretLength = 1_024;
const recipientPublicKeyLength = 32;

const roleServer = 1;
const roleClient = 2;
const formHash = 1;
const formStrict = 2;
const formRandoms = 1;
const formExtended = 2;
const prfHashNumbers = { sha256: 1, sha384: 2 } as const;

/** Throws unless the field has a length that the protocol allows. */
function expectLength(field: string, bytes: Uint8Array, ...allowed: number[]): Uint8Array {
  if (allowed.includes(bytes.length)) return bytes;
  throw new ProtocolError(
    `Cannot use a request: ${field} has ${bytes.length} bytes instead of ${allowed.join(" or ")}`,
  );
}

function expectAtMost(field: string, bytes: Uint8Array, maximum: number, minimum = 1): Uint8Array {
  if (bytes.length >= minimum && bytes.length <= maximum) return bytes;
  throw new ProtocolError(
    `Cannot use a request: ${field} has ${bytes.length} bytes instead of ${minimum} to ${maximum}`,
  );
}

function expectOneOf<T>(field: string, value: T | undefined, number: number): T {
  if (value !== undefined) return value;
  throw new ProtocolError(`Cannot use a request: ${field} ${number} is not defined`);
}

function expectDeadline(deadline: number): number {
  if (Number.isInteger(deadline) && deadline >= 1 && deadline <= 0xffff_ffff) return deadline;
  throw new ProtocolError(`Cannot use a request: the deadline ${deadline} is not 1 to 2^32 - 1 ms`);
}

function expectServerName(name: string): string {
  if (isWireServerName(name)) return name;
  throw new ProtocolError("Cannot use a request: the server name is no host name in lower case");
}

/** PROTOCOL.md, "Key request". */
function writeKeyRequest(writer: ByteWriter, request: KeylessKeyRequest): void {
  const serverName = expectServerName(request.serverName.toLowerCase());
  writer.u8(roleServer);
  writer.bytes(
    expectLength("subjectKeyIdentifier", request.subjectKeyIdentifier, subjectKeyIdentifierLength),
  );
  writer.u32(expectDeadline(request.deadline));
  writer.vector8(new TextEncoder().encode(serverName));
}

type KeyRequestFields = Pick<
  KeylessKeyRequest,
  "role" | "subjectKeyIdentifier" | "serverName" | "deadline"
>;

function readKeyRequest(reader: ByteReader): KeyRequestFields {
  const role = reader.u8();
  if (role === roleClient) throw new KeylessError("bad-request", "the role client is not supported");
  expectOneOf("role", role === roleServer ? role : undefined, role);
  const subjectKeyIdentifier = reader.bytes(subjectKeyIdentifierLength);
  const deadline = expectDeadline(reader.u32());
  const serverName = expectServerName(String.fromCharCode(...reader.vector8()));
  return { role: "server", subjectKeyIdentifier, serverName, deadline };
}

/** PROTOCOL.md, "sign-tls13". */
function writeTranscript(writer: ByteWriter, transcript: Tls13Transcript): void {
  if (transcript.form === "hash") {
    writer.u8(formHash);
    const hash = expectLength("transcriptHash", transcript.transcriptHash, 32, 48);
    writer.vector8(hash);
  } else {
    writer.u8(formStrict);
    const messages = expectAtMost(
      "handshakeMessages",
      transcript.handshakeMessages,
      maximumHandshakeMessagesLength,
    );
    writer.vector16(messages);
  }
}

function readTranscript(reader: ByteReader): Tls13Transcript {
  const form = reader.u8();
  if (form === formHash) {
    return { form: "hash", transcriptHash: expectLength("transcriptHash", reader.vector8(), 32, 48) };
  }
  expectOneOf("transcript form", form === formStrict ? form : undefined, form);
  const messages = expectAtMost("handshakeMessages", reader.vector16(), maximumHandshakeMessagesLength);
  return { form: "strict", handshakeMessages: messages };
}

function readSignTls13(reader: ByteReader): SignTls13Request {
  const fields = readKeyRequest(reader);
  const signatureScheme = reader.u16();
  return { operation: "sign-tls13", ...fields, signatureScheme, transcript: readTranscript(reader) };
}

/** PROTOCOL.md, "sign-tls12". */
function writeSignTls12(writer: ByteWriter, request: SignTls12Request): void {
  writer.u16(request.signatureScheme);
  writer.bytes(expectLength("clientRandom", request.clientRandom, randomLength));
  writer.bytes(expectLength("serverRandom", request.serverRandom, randomLength));
  writer.u16(request.namedCurve);
  const point = expectAtMost("publicKey", request.publicKey, 255);
  writer.vector8(point);
}

function readSignTls12(reader: ByteReader): SignTls12Request {
  return {
    operation: "sign-tls12",
    ...readKeyRequest(reader),
    signatureScheme: reader.u16(),
    clientRandom: reader.bytes(randomLength),
    serverRandom: reader.bytes(randomLength),
    namedCurve: reader.u16(),
    publicKey: expectAtMost("publicKey", reader.vector8(), 255),
  };
}

function writeSeed(writer: ByteWriter, seed: MasterSecretSeed): void {
  if (seed.form === "randoms") {
    writer.u8(formRandoms);
    writer.bytes(expectLength("clientRandom", seed.clientRandom, randomLength));
    writer.bytes(expectLength("serverRandom", seed.serverRandom, randomLength));
  } else {
    writer.u8(formExtended);
    const hash = expectLength("sessionHash", seed.sessionHash, 32, 48);
    writer.vector8(hash);
  }
}

function readSeed(reader: ByteReader): MasterSecretSeed {
  const form = reader.u8();
  if (form === formRandoms) {
    return { form: "randoms", clientRandom: reader.bytes(32), serverRandom: reader.bytes(32) };
  }
  expectOneOf("seed form", form === formExtended ? form : undefined, form);
  return { form: "extended", sessionHash: expectLength("sessionHash", reader.vector8(), 32, 48) };
}

/** PROTOCOL.md, "rsa-key-exchange". */
function writeRsaKeyExchange(writer: ByteWriter, request: RsaKeyExchangeRequest): void {
  writer.u16(request.clientVersion);
  writer.u8(prfHashNumbers[request.prfHash]);
  writeSeed(writer, request.seed);
  const encrypted = expectAtMost(
    "encryptedPreMasterSecret",
    request.encryptedPreMasterSecret,
    maximumEncryptedPreMasterSecretLength,
    0,
  );
  writer.vector16(encrypted);
  writer.bytes(expectLength("recipientPublicKey", request.recipientPublicKey, recipientPublicKeyLength));
}

function readRsaKeyExchange(reader: ByteReader): RsaKeyExchangeRequest {
  const fields = readKeyRequest(reader);
  const clientVersion = reader.u16();
  const prf = reader.u8();
  const prfHash = prf === 1 ? "sha256" : expectOneOf("prfHash", prf === 2 ? "sha384" : undefined, prf);
  const seed = readSeed(reader);
  const encryptedPreMasterSecret = expectAtMost(
    "encryptedPreMasterSecret",
    reader.vector16(),
    maximumEncryptedPreMasterSecretLength,
    0,
  );
  const recipientPublicKey = reader.bytes(recipientPublicKeyLength);
  return {
    operation: "rsa-key-exchange",
    ...fields,
    clientVersion,
    prfHash,
    seed,
    encryptedPreMasterSecret,
    recipientPublicKey,
  };
}

function writeBody(writer: ByteWriter, request: KeylessRequest): void {
  if (request.operation === "ping") return;
  writeKeyRequest(writer, request);
  switch (request.operation) {
    case "sign-tls13":
      writer.u16(request.signatureScheme);
      return writeTranscript(writer, request.transcript);
    case "sign-tls12":
      return writeSignTls12(writer, request);
    case "rsa-key-exchange":
      return writeRsaKeyExchange(writer, request);
  }
}

/** A request's body alone: each request has one encoding. Throws ProtocolError as encodeRequest does. */
export function encodeRequestBody(request: KeylessRequest): Uint8Array {
  const writer = new ByteWriter();
  writeBody(writer, request);
  return writer.finish();
}

/**
 * Encodes a request as a whole frame, header included. `id` is 1 to 2^32 - 1, unique among the requests in
 * flight on the connection. Throws ProtocolError for a field that the protocol does not allow.
 */
export function encodeRequest(id: number, request: KeylessRequest): Uint8Array {
  return encodeFrame({ id, kind: operationNumbers[request.operation], body: encodeRequestBody(request) });
}

function readBody(frame: Frame, reader: ByteReader): KeylessRequest {
  const operation = operationName(frame.kind);
  switch (operation) {
    case undefined:
      throw new KeylessError("bad-request", `the operation ${frame.kind} is unknown`);
    case "ping":
      return { operation };
    case "sign-tls13":
      return readSignTls13(reader);
    case "sign-tls12":
      return readSignTls12(reader);
    case "rsa-key-exchange":
      return readRsaKeyExchange(reader);
  }
}

/**
 * Decodes a request frame; byte fields are views onto the frame.
 *
 * Throws KeylessError (bad-request) for an operation or role that this version does not offer: it is answered and
 * the connection goes on. Throws ProtocolError for bytes that break the protocol: the connection is closed.
 */
export function decodeRequest(frame: Frame): KeylessRequest {
  const reader = new ByteReader(frame.body);
  try {
    const request = readBody(frame, reader);
    reader.end();
    return request;
  } catch (error) {
    if (error instanceof KeylessError || error instanceof ProtocolError) throw error;
    throw new ProtocolError("Cannot decode a request: its body ends early or has bytes left over", {
      cause: error,
    });
  }
}
