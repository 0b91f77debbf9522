import { HandshakeType } from "../tls_constants.ts";
import { decodeBody, encodeHandshake, type HandshakeMessage } from "./handshake.ts";

/** TLS 1.2's ClientKeyExchange for ECDHE (RFC 8422, Section 5.7). */
export interface EcdheClientKeyExchange {
  /** ecdh_Yc: the client's point or X25519 value, 1 to 255 bytes. */
  readonly publicKey: Uint8Array;
}

/** TLS 1.2's ClientKeyExchange for RSA (RFC 5246, Section 7.4.7.1). */
export interface RsaClientKeyExchange {
  /**
   * Any length: one that is not the modulus's is a bad encryption, and must end as every other bad one does.
   */
  readonly encryptedPreMasterSecret: Uint8Array;
}

/** `publicKey` is a view onto the message. */
export function decodeEcdheClientKeyExchange(message: HandshakeMessage): EcdheClientKeyExchange {
  return decodeBody(
    message,
    HandshakeType.client_key_exchange,
    (reader) => ({ publicKey: reader.vector8(1) }),
  );
}

/** Header and body. */
export function encodeEcdheClientKeyExchange({ publicKey }: EcdheClientKeyExchange): Uint8Array<ArrayBuffer> {
  return encodeHandshake(HandshakeType.client_key_exchange, (writer) => writer.vector8(publicKey));
}

/** `encryptedPreMasterSecret` is a view onto the message. */
export function decodeRsaClientKeyExchange(message: HandshakeMessage): RsaClientKeyExchange {
  return decodeBody(
    message,
    HandshakeType.client_key_exchange,
    (reader) => ({ encryptedPreMasterSecret: reader.vector16() }),
  );
}

/** Header and body. */
export function encodeRsaClientKeyExchange(fields: RsaClientKeyExchange): Uint8Array<ArrayBuffer> {
  return encodeHandshake(
    HandshakeType.client_key_exchange,
    (writer) => writer.vector16(fields.encryptedPreMasterSecret),
  );
}
