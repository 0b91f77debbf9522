import type { Socket } from "node:net";
import type { PeerVerdict } from "../tls/client_certificates/peer_verdict.ts";
import type { NegotiatedParameters } from "../tls/server_events.ts";
import type { TlsSite } from "../tls/site.ts";

/** The client's end of a connection, in plaintext, as its application sees it. */
export interface ClientSide {
  /** Sends bytes; false: they wait, and `clientDrained` will be called when they are gone. */
  send(data: Uint8Array): boolean;
  /** Ends what the client receives, in good order. */
  endSending(): void;
  /** No bytes come from the client until `resume`. */
  pause(): void;
  resume(): void;
  /** The application failed: the client must not take what it has for the whole. */
  fail(error: Error): void;
}

/** Where the plaintext of one connection goes to and comes from: a relay to a backend, or a program's streams. */
export interface Application {
  /** Both directions have come to their end in good order: the connection is over. */
  readonly isComplete: boolean;
  /** The client has said that it sends no more. */
  readonly clientHasEnded: boolean;
  /** `data` is the application's to keep. */
  fromClient(data: Uint8Array): void;
  /** The client's close_notify. */
  clientEnded(): void;
  /** What `send` said has to wait is gone. */
  clientDrained(): void;
  /** The connection is over, however it ended; called once, and nothing after it. */
  release(): void;
}

/** What is served under one name. */
export interface ServedSite {
  /** For logs. */
  readonly name: string;
  readonly tls: TlsSite;
  /** Whether to trust a client's chain (DER, leaf first); needed where `tls` asks for client certificates. */
  verifyClient?(chain: readonly Uint8Array[]): PeerVerdict | Promise<PeerVerdict>;
  /** Opens the application of a connection whose handshake is complete; it may use `client` at once. */
  open(socket: Socket, parameters: NegotiatedParameters, client: ClientSide): Application;
}
