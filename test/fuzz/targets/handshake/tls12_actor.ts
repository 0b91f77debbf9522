import { rsaKeyExchangeSuites } from "../../../../edge-terminator/tls/cipher_suites.ts";
import { ContentType, ExtensionType, HandshakeType } from "../../../../shared/tls_constants.ts";
import type { LockedPool } from "../../../../shared/memory/locked_pool.ts";
import type { HandshakeMessage } from "../../../../shared/tls_messages/handshake.ts";
import { decodeNewSessionTicketTls12 } from "../../../../shared/tls_messages/new_session_ticket_tls12.ts";
import { extension } from "../../../peer/hello_builder.ts";
import {
  ScriptedTls12Client,
  type Tls12ClientSession,
  usualTls12Extensions,
} from "../../../peer/scripted_tls12_client.ts";
import type { ByteSource } from "../../byte_source.ts";
import { type Actor, edited, extraExtensions, serverNames } from "./actors.ts";
import { Credentials } from "./credentials.ts";
import { rsaPremaster } from "./driver.ts";

const ephemeralSuites = [[0xc02b], [0xc02c], [0xcca9], [0xc02f, 0xc030], [0x009c], [0x0a0a, 0xc02b, 0x00ff]];
const rsaSuites = [[0x009c], [0x009d], [0x009c, 0x009d], [0xc02b, 0x009c], [0x009c, 0x00ff]];

export interface Tls12Way {
  /** Whether the client offers RSA key exchange. */
  readonly rsaKeyExchange?: boolean;
  /** Whether the client takes tickets. */
  readonly takesTickets?: boolean;
  /** Of an earlier client, which must outlive this one. */
  readonly session?: Tls12ActorSession;
}

/** What the client comes back with. */
export interface Tls12ActorSession extends Tls12ClientSession {
  /** Empty: the session has only its id. */
  readonly ticket: Uint8Array;
}

export class Tls12Actor implements Actor {
  readonly #client: ScriptedTls12Client;
  readonly #source: ByteSource;
  readonly #credentials: Credentials;
  #helloSent = false;
  #flight: (() => Uint8Array)[] | undefined;

  constructor(pool: LockedPool, source: ByteSource, way: Tls12Way = {}) {
    const { rsaKeyExchange = false, takesTickets = false, session } = way;
    this.#source = source;
    this.#credentials = new Credentials(source);
    const tickets = takesTickets
      ? [
        extension(
          ExtensionType.session_ticket,
          (writer) => writer.bytes(session?.ticket ?? new Uint8Array(0)),
        ),
      ]
      : [];
    this.#client = new ScriptedTls12Client(pool, {
      cipherSuites: source.pick(rsaKeyExchange ? rsaSuites : ephemeralSuites),
      legacyVersion: source.pick([0x0303, 0x0304, 0x0302]),
      serverName: source.pick(serverNames),
      alpnProtocols: source.pick([undefined, ["h2"]]),
      extraExtensions: [
        ...usualTls12Extensions.slice(source.below(2)),
        ...extraExtensions(source),
        ...tickets,
      ],
    }, session);
  }

  get messages(): readonly HandshakeMessage[] {
    return this.#client.messages;
  }

  /** What to come back with; its secret is this client's. */
  get session(): Tls12ActorSession {
    const message = this.messages.find(({ type }) => type === HandshakeType.new_session_ticket);
    const ticket = message === undefined
      ? new Uint8Array(0)
      : decodeNewSessionTicketTls12(message).ticket.slice();
    const { id, master } = this.#client.session;
    // RFC 5077, Section 3.4: by the echo of an id of its own the client sees that the ticket was taken.
    return { id: ticket.length > 0 ? new Uint8Array(32).fill(9) : id, master, ticket };
  }

  next(): Uint8Array {
    if (!this.#helloSent) {
      this.#helloSent = true;
      return this.#client.start();
    }
    if (!this.#serverIsDone) return new Uint8Array(0);
    const step = (this.#flight ??= this.#steps()).shift();
    if (step !== undefined) return step();
    return this.#client.seal(ContentType.application_data, this.#source.bytes(this.#source.byte()));
  }

  receive(bytes: Uint8Array | undefined): void {
    this.#client.receive(bytes);
  }

  seal(type: number, content: Uint8Array): Uint8Array {
    return this.#client.seal(type, content);
  }

  /** A renegotiation. */
  peculiarity(): Uint8Array {
    return this.#client.seal(ContentType.handshake, this.#client.start().subarray(5));
  }

  [Symbol.dispose](): void {
    this.#client[Symbol.dispose]();
  }

  /** Whether the server waits for us now: a slow one takes several turns until then. */
  get #serverIsDone(): boolean {
    const { messageTypes, resumed } = this.#client;
    return messageTypes.includes(resumed ? HandshakeType.finished : HandshakeType.server_hello_done);
  }

  /** RFC 5246, Section 7.3: all that follows the server's flight, message by message. */
  #steps(): (() => Uint8Array)[] {
    const client = this.#client;
    const change = (message: Uint8Array) => edited(message, this.#source);
    const end = [() => client.changeCipherSpec(), () => client.finished(change)];
    if (client.resumed) return end;
    const exchange = () => this.#keyExchange();
    if (!client.messageTypes.includes(HandshakeType.certificate_request)) return [exchange, ...end];
    const credentials = this.#credentials;
    return [
      () => client.handshake(change(credentials.certificate12())),
      exchange,
      () =>
        credentials.proves
          ? client.handshake(change(credentials.verify(client.signedContent)))
          : new Uint8Array(0),
      ...end,
    ];
  }

  #keyExchange(): Uint8Array {
    const source = this.#source;
    const odd = source.below(8) === 7;
    if (!rsaKeyExchangeSuites.includes(this.#client.serverHello!.cipherSuite)) {
      return this.#client.clientKeyExchange(odd ? source.bytes(source.byte()) : undefined);
    }
    const encrypted = odd ? source.bytes(source.byte()) : new Uint8Array(256).fill(7);
    return this.#client.rsaClientKeyExchange(
      encrypted,
      source.below(8) === 7 ? source.bytes(48) : rsaPremaster,
    );
  }
}
