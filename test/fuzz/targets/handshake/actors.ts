import { ContentType, ExtensionType, HandshakeType, NamedGroup } from "../../../../shared/tls_constants.ts";
import type { LockedPool } from "../../../../shared/memory/locked_pool.ts";
import type { HandshakeMessage } from "../../../../shared/tls_messages/handshake.ts";
import { decodeServerHello } from "../../../../shared/tls_messages/server_hello.ts";
import { type ClientSession, ScriptedClient } from "../../../peer/scripted_client.ts";
import { ScriptedTls12Client, usualTls12Extensions } from "../../../peer/scripted_tls12_client.ts";
import type { ByteSource } from "../../byte_source.ts";
import { kemSecret } from "./driver.ts";

/** A client that knows what comes next when nobody interferes; the input may change its messages. */
export interface Actor extends Disposable {
  /** The server's messages so far. */
  readonly messages: readonly HandshakeMessage[];
  /** Bytes for the server: the next flight, or application data once there is none. */
  next(): Uint8Array;
  receive(bytes: Uint8Array | undefined): void;
  /** Any content under the present keys. */
  seal(type: number, content: Uint8Array): Uint8Array;
  /** Something that only this version has. */
  peculiarity(): Uint8Array;
}

/** Some bytes of a message replaced, or none: the input says which. */
export function edited(message: Uint8Array, source: ByteSource): Uint8Array {
  const copy = message.slice();
  for (let edits = source.below(4); edits > 0; edits -= 1) copy[source.u16() % copy.length] = source.byte();
  return copy;
}

const groups = [NamedGroup.X25519MLKEM768, NamedGroup.x25519, NamedGroup.secp256r1, NamedGroup.secp384r1];
const serverNames = ["www.holdfast.test", undefined, "UPPER.example", "127.0.0.1"];
const extras = [
  ExtensionType.early_data,
  ExtensionType.post_handshake_auth,
  0x4a4a,
  ExtensionType.status_request,
];

function extraExtensions(source: ByteSource) {
  return source.below(4) === 3 ? [{ type: source.pick(extras), data: source.bytes(source.below(4)) }] : [];
}

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
  #hellos = 0;
  #finished = false;

  constructor(pool: LockedPool, source: ByteSource, session?: ClientSession) {
    this.#source = source;
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
    if (!this.#finished && client.messageTypes.includes(HandshakeType.finished)) {
      this.#finished = true;
      return client.finished(change);
    }
    return client.seal(ContentType.application_data, this.#source.bytes(this.#source.byte()));
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

const tls12Suites = [[0xc02b], [0xc02c], [0xcca9], [0xc02f, 0xc030], [0x009c], [0x0a0a, 0xc02b, 0x00ff]];

export class Tls12Actor implements Actor {
  readonly #client: ScriptedTls12Client;
  readonly #source: ByteSource;
  #step = 0;

  constructor(pool: LockedPool, source: ByteSource) {
    this.#source = source;
    this.#client = new ScriptedTls12Client(pool, {
      cipherSuites: source.pick(tls12Suites),
      legacyVersion: source.pick([0x0303, 0x0304, 0x0302]),
      serverName: source.pick(serverNames),
      alpnProtocols: source.pick([undefined, ["h2"]]),
      extraExtensions: [...usualTls12Extensions.slice(source.below(2)), ...extraExtensions(source)],
    });
  }

  get messages(): readonly HandshakeMessage[] {
    return this.#client.messages;
  }

  next(): Uint8Array {
    const client = this.#client;
    const source = this.#source;
    switch (this.#step++) {
      case 0:
        return client.start();
      case 1:
        return client.clientKeyExchange(source.below(8) === 7 ? source.bytes(source.byte()) : undefined);
      case 2:
        return client.changeCipherSpec();
      case 3:
        return client.finished((message) => edited(message, source));
      default:
        return client.seal(ContentType.application_data, source.bytes(source.byte()));
    }
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
}
