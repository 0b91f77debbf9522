import type { ByteReader } from "../codec/byte_reader.ts";
import { ByteWriter } from "../codec/byte_writer.ts";
import { ECCurveType, HandshakeType } from "../tls_constants.ts";
import { illegalParameter } from "./errors.ts";
import { decodeBody, encodeHandshake, type HandshakeMessage } from "./handshake.ts";

/** ServerECDHParams (RFC 8422, Section 5.4); the curve type is always named_curve. */
export interface ServerEcdhParams {
  /** NamedGroup number. */
  readonly namedCurve: number;
  /** The server's point or X25519 value: 1 to 255 bytes. */
  readonly publicKey: Uint8Array;
}

/** TLS 1.2's ServerKeyExchange for ECDHE (RFC 8422, Section 5.4). */
export interface ServerKeyExchange {
  readonly params: ServerEcdhParams;
  /** SignatureScheme number. */
  readonly algorithm: number;
  /** Over client_random, server_random and the encoded params. */
  readonly signature: Uint8Array;
}

/** Byte arrays are views onto the message. */
export function decodeServerKeyExchange(message: HandshakeMessage): ServerKeyExchange {
  return decodeBody(message, HandshakeType.server_key_exchange, (reader) => ({
    params: readParams(reader),
    algorithm: reader.u16(),
    signature: reader.vector16(),
  }));
}

/** Header and body. */
export function encodeServerKeyExchange(fields: ServerKeyExchange): Uint8Array<ArrayBuffer> {
  return encodeHandshake(HandshakeType.server_key_exchange, (writer) => {
    writeParams(writer, fields.params);
    writer.u16(fields.algorithm);
    writer.vector16(fields.signature);
  });
}

/** The bytes of the params that the signature covers, after both randoms. */
export function encodeServerEcdhParams(params: ServerEcdhParams): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(4 + params.publicKey.length);
  writeParams(writer, params);
  return writer.finish();
}

function readParams(reader: ByteReader): ServerEcdhParams {
  const curveType = reader.u8();
  if (curveType !== ECCurveType.named_curve) {
    throw illegalParameter("WRONG_CURVE", `Cannot accept the ServerKeyExchange: curve type ${curveType}`);
  }
  return { namedCurve: reader.u16(), publicKey: reader.vector8(1) };
}

function writeParams(writer: ByteWriter, { namedCurve, publicKey }: ServerEcdhParams): void {
  writer.u8(ECCurveType.named_curve);
  writer.u16(namedCurve);
  writer.vector8(publicKey);
}
