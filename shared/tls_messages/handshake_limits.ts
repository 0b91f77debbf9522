import { HandshakeType } from "../tls_constants.ts";

const kibibyte = 1024;

/**
 * The longest body, in bytes, that we take for each type of handshake message. The RFC allows 16 MiB; without a
 * bound a peer could make us hold that much for each connection. The small ones leave room for a message that is
 * wrong by some bytes, so that its own decoder can say so.
 */
const limits: Readonly<Record<number, number>> = {
  [HandshakeType.hello_request]: 64,
  [HandshakeType.client_hello]: 16 * kibibyte,
  [HandshakeType.server_hello]: 16 * kibibyte,
  [HandshakeType.new_session_ticket]: 72 * kibibyte,
  [HandshakeType.end_of_early_data]: 64,
  [HandshakeType.encrypted_extensions]: 64 * kibibyte,
  [HandshakeType.certificate]: 100 * kibibyte,
  [HandshakeType.server_key_exchange]: 16 * kibibyte,
  [HandshakeType.certificate_request]: 72 * kibibyte,
  [HandshakeType.server_hello_done]: 64,
  [HandshakeType.certificate_verify]: 16 * kibibyte,
  [HandshakeType.client_key_exchange]: 4 * kibibyte,
  [HandshakeType.finished]: 256,
  [HandshakeType.certificate_status]: 64 * kibibyte,
  [HandshakeType.key_update]: 64,
  [HandshakeType.compressed_certificate]: 100 * kibibyte,
};

/** The bound for a type that no one sends; its state refuses it once it is there. */
const limitOfUnknownType = 16 * kibibyte;

/** The bound, in bytes of body, for a handshake message of this type. */
export function longestHandshakeBody(type: number): number {
  return limits[type] ?? limitOfUnknownType;
}
