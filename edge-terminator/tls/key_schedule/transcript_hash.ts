declare const span: unique symbol;

/**
 * The hash of the handshake from the first ClientHello through one message, by name, so that a derivation
 * cannot be given the hash of another point of the handshake.
 */
export type TranscriptHash<Through extends TranscriptPoint> = Uint8Array & { readonly [span]: Through };

/** The points of the handshake at which RFC 8446, Sections 4.4 and 7.1, take a transcript hash. */
export type TranscriptPoint =
  | "client-hello"
  | "server-hello"
  | "certificate"
  | "certificate-verify"
  | "encrypted-extensions"
  | "server-finished"
  | "client-key-exchange"
  | "client-certificate"
  | "client-certificate-verify"
  | "client-finished";
