import { ContentType, ExtensionType, HandshakeType, NamedGroup } from "../../../../shared/tls_constants.ts";
import type { LockedPool } from "../../../../shared/memory/locked_pool.ts";
import type { HandshakeMessage } from "../../../../shared/tls_messages/handshake.ts";
import { decodeServerHello } from "../../../../shared/tls_messages/server_hello.ts";
import { type ClientSession, ScriptedClient } from "../../../peer/scripted_client.ts";
import type { ByteSource } from "../../byte_source.ts";
import { type Actor, edited, extraExtensions, groups, serverNames } from "./actors.ts";
import { Credentials } from "./credentials.ts";
import { kemSecret } from "./driver.ts";

const tls13ShareGroups = [
  [NamedGroup.x25519],
  [NamedGroup.secp256r1],
  [NamedGroup.secp384r1],
  [],
  [NamedGroup.X25519MLKEM768],
  [NamedGroup.x25519, NamedGroup.secp256r1],
];
const tls13Suites = [[0x1301, 0x1302, 0x1303], [0x1302], [0x1303], [0x0a0a, 0x1301], [0xc02b]];
const tls13Versions = [[0x0304], [0x0304, 0x0303], [0x4a4a, 0x0304], [0x0303], undefined];

export class Tls13Actor implements Actor {
  readonly #client: ScriptedClient;
  readonly #source: ByteSource;
  readonly #credentials: Credentials;
  #hellos = 0;
  #flight: (() => Uint8Array)[] | undefined;

  constructor(pool: LockedPool, source: ByteSource, session?: ClientSession) {
    this.#source = source;
    this.#credentials = new Credentials(source);
    this.#client = new ScriptedClient({
      pool,
      ...(session !== undefined && { session }),
      shareGroups: source.pick(tls13ShareGroups),
      pskModes: source.pick([[1], [0], [0, 1], [7]]),
      kemSecret,
      fields: {
        groups,
        cipherSuites: source.pick(tls13Suites),
        versions: source.pick(tls13Versions),
        serverName: source.pick(serverNames),
        alpnProtocols: source.pick([undefined, ["h2"], ["http/1.1", "h2"]]),
        extraExtensions: extraExtensions(source),
      },
    });
  }

  get messages(): readonly HandshakeMessage[] {
    return this.#client.messages;
  }

  next(): Uint8Array {
    const client = this.#client;
    const change = (message: Uint8Array) => edited(message, this.#source);
    if (this.#hellos === 0) {
      this.#hellos = 1;
      return client.start(change);
    }
    const retryGroup = this.#hellos === 1 ? groupOfRetry(client.messages[0]) : undefined;
    if (retryGroup !== undefined) {
      this.#hellos = 2;
      return client.restart(groups.find((group) => group === retryGroup) ?? NamedGroup.secp384r1, change);
    }
    if (client.messageTypes.includes(HandshakeType.finished)) this.#flight ??= this.#lastFlight(change);
    const step = this.#flight?.shift();
    if (step !== undefined) return step();
    return client.seal(ContentType.application_data, this.#source.bytes(this.#source.byte()));
  }

  /** RFC 8446, Section 4.4: with a certificate and the proof of its key where the server asked. */
  #lastFlight(change: (message: Uint8Array) => Uint8Array): (() => Uint8Array)[] {
    const client = this.#client;
    const credentials = this.#credentials;
    const finished = () => client.finished(change);
    if (!client.messageTypes.includes(HandshakeType.certificate_request)) return [finished];
    return [
      () => client.handshake(change(credentials.certificate13())),
      () =>
        credentials.proves ? client.handshake(change(credentials.verify(client.signedContent))) : finished(),
      () => credentials.proves ? finished() : new Uint8Array(0),
    ];
  }

  receive(bytes: Uint8Array | undefined): void {
    this.#client.receive(bytes);
  }

  seal(type: number, content: Uint8Array): Uint8Array {
    return this.#client.seal(type, content);
  }

  peculiarity(): Uint8Array {
    return this.#client.keyUpdate(this.#source.below(3));
  }

  /** What the server gave to resume by. */
  get sessions(): readonly ClientSession[] {
    return this.#client.sessions;
  }

  [Symbol.dispose](): void {
    this.#client[Symbol.dispose]();
  }
}

/** The group that a HelloRetryRequest asks for; undefined for another message. */
function groupOfRetry(message: HandshakeMessage | undefined): number | undefined {
  if (message?.type !== HandshakeType.server_hello) return undefined;
  const hello = decodeServerHello(message, everyExtension);
  return hello.kind === "HelloRetryRequest" ? hello.known.keyShare : undefined;
}

const everyExtension = new Set<number>(Object.values(ExtensionType));
