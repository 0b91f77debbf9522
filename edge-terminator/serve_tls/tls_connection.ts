import { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import type { TcpAddress } from "../../shared/config/address.ts";
import { CipherSuite, NamedGroup, nameOf, SignatureScheme } from "../../shared/tls_constants.ts";
import type { Application, ClientSide } from "../connection/application.ts";
import { versionName } from "../connection/handshake_record.ts";
import { withoutV4Mapping } from "../proxy/ip_address.ts";
import type { NegotiatedParameters } from "../tls/server_events.ts";
import { PlaintextStreams } from "./plaintext_streams.ts";

/** One client whose handshake is complete. Names are IANA's. */
export class TlsConnection implements AsyncDisposable {
  /** "TLSv1.3" or "TLSv1.2". */
  readonly version: string;
  readonly cipherSuite: string;
  readonly group: string;
  /** What this side signed with; undefined in a resumption, where nothing is signed. */
  readonly signatureScheme: string | undefined;
  /** The protocol agreed on by ALPN. */
  readonly alpn: string | undefined;
  /** The name that the client asked for, in lower case. */
  readonly serverName: string | undefined;
  /** Whether a session was resumed. */
  readonly resumed: boolean;
  /** The client's chain in DER, leaf first, validated; undefined when it showed none. In a resumption the session's. */
  readonly peerChain: readonly Uint8Array[] | undefined;
  readonly remoteAddress: TcpAddress;
  readonly localAddress: TcpAddress;
  /** Resolves when the connection is over and its socket closed, however it ended. */
  readonly closed: Promise<void>;
  readonly #streams: PlaintextStreams;
  readonly #over = new AbortController();

  /** For {@link serveTls}: made with each complete handshake. */
  constructor(socket: Socket, parameters: NegotiatedParameters, client: ClientSide) {
    this.version = versionName(parameters.version);
    this.cipherSuite = nameOf(CipherSuite, parameters.cipherSuite);
    this.group = nameOf(NamedGroup, parameters.group);
    this.signatureScheme = parameters.resumed
      ? undefined
      : nameOf(SignatureScheme, parameters.signatureScheme);
    this.alpn = parameters.alpnProtocol;
    this.serverName = parameters.serverName;
    this.resumed = parameters.resumed;
    this.peerChain = parameters.peer?.chain;
    this.remoteAddress = address(socket.remoteAddress, socket.remotePort);
    this.localAddress = address(socket.localAddress, socket.localPort);
    this.closed = new Promise((resolve) => socket.once("close", () => resolve()));
    this.#streams = new PlaintextStreams(client, () => this.#over.abort());
  }

  /** The leaf of {@link peerChain}. */
  get peerCertificate(): X509Certificate | undefined {
    return this.peerChain && new X509Certificate(this.peerChain[0]!);
  }

  /**
   * What the client sends, decrypted. Ends with its close_notify; fails with a TlsConnectionError when the connection
   * is lost before, so that what was cut off is not taken for whole. A program that does not read is not read for.
   */
  get readable(): ReadableStream<Uint8Array> {
    return this.#streams.readable;
  }

  /**
   * What the client is to get. A write resolves when the socket takes more; closing sends close_notify, and the client may
   * still go on sending. Aborting ends the connection with an alert.
   */
  get writable(): WritableStream<Uint8Array> {
    return this.#streams.writable;
  }

  /** Aborted when the connection is over: for work that nobody waits for then. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** Ends both directions in good order: what has been written is delivered. Resolves like {@link closed}. */
  close(): Promise<void> {
    this.#streams.end();
    return this.closed;
  }

  /** Ends the connection at once with an alert, so that the client takes nothing for whole that is not. */
  abort(reason?: unknown): void {
    this.#streams.fail(reason);
  }

  /** {@link close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** The other end, for the connection driver. */
  get application(): Application {
    return this.#streams;
  }
}

function address(host: string | undefined, port: number | undefined): TcpAddress {
  return { host: withoutV4Mapping(host ?? ""), port: port ?? 0 };
}
