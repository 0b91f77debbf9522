import type { TlsServerEngine } from "../../../edge-terminator/tls/server_engine.ts";
import { ContentType, ExtensionType, HandshakeType, NamedGroup } from "../../../shared/tls_constants.ts";
import { ScriptedClient, type ScriptedClientOptions } from "../../peer/scripted_client.ts";
import { plainRecord } from "../../peer/hello_builder.ts";
import { helloRetryRequestRandom } from "../../../shared/tls_messages/server_hello.ts";
import type { ByteSource } from "../byte_source.ts";
import { sameBytes } from "../fuzz_target.ts";

const shareGroups = [
  [NamedGroup.x25519],
  [NamedGroup.secp256r1],
  [NamedGroup.secp384r1],
  [],
  [NamedGroup.X25519MLKEM768],
  [NamedGroup.x25519, NamedGroup.secp256r1],
];
const groups = [NamedGroup.X25519MLKEM768, NamedGroup.x25519, NamedGroup.secp256r1, NamedGroup.secp384r1];
const extras = [
  ExtensionType.early_data,
  ExtensionType.post_handshake_auth,
  0x4a4a,
  ExtensionType.status_request,
];

/** What the client is, decided by the input. */
export function clientOptions(source: ByteSource): Omit<ScriptedClientOptions, "pool"> {
  const suites = [[0x1301, 0x1302, 0x1303], [0x1302], [0x1303], [0x0a0a, 0x1301], [0xc02b]];
  const versions = [[0x0304], [0x0304, 0x0303], [0x4a4a, 0x0304], [0x0303], undefined];
  return {
    shareGroups: source.pick(shareGroups),
    kemSecret: new Uint8Array(32).fill(7),
    fields: {
      groups,
      cipherSuites: source.pick(suites),
      versions: source.pick(versions),
      serverName: source.pick(["www.holdfast.test", undefined, "UPPER.example", "127.0.0.1"]),
      alpnProtocols: source.pick([undefined, ["h2"], ["http/1.1", "h2"]]),
      extraExtensions: source.below(4) === 3
        ? [{ type: source.pick(extras), data: source.bytes(source.below(4)) }]
        : [],
    },
  };
}

/** Some bytes of a message replaced, or none: the input says which. */
function edited(message: Uint8Array, source: ByteSource): Uint8Array {
  const copy = message.slice();
  for (let edits = source.below(4); edits > 0; edits -= 1) copy[source.u16() % copy.length] = source.byte();
  return copy;
}

/** What the client has to say next when nobody interferes. */
function nextFlight(
  client: ScriptedClient,
  source: ByteSource,
  sent: { hellos: number; finished: boolean },
): Uint8Array {
  if (sent.hellos === 0) {
    sent.hellos = 1;
    return client.start((message) => edited(message, source));
  }
  const first = client.messages[0];
  const isRetry = first?.type === HandshakeType.server_hello &&
    sameBytes(first.body.subarray(2, 34), helloRetryRequestRandom);
  if (isRetry && sent.hellos === 1) {
    sent.hellos = 2;
    const group = first.body.slice(-2);
    const wanted = groups.find((candidate) => candidate === (group[0]! << 8 | group[1]!)) ??
      NamedGroup.secp384r1;
    return client.restart(wanted, (message) => edited(message, source));
  }
  if (!sent.finished && client.messageTypes.includes(HandshakeType.finished)) {
    sent.finished = true;
    return client.finished((message) => edited(message, source));
  }
  return client.seal(ContentType.application_data, source.bytes(source.byte()));
}

/** The client's half of a connection, each step decided by the input. */
export class HandshakeScript {
  readonly client: ScriptedClient;
  readonly #source: ByteSource;
  readonly #sent = { hellos: 0, finished: false };
  #last: Uint8Array = new Uint8Array(0);

  constructor(client: ScriptedClient, source: ByteSource) {
    this.client = client;
    this.#source = source;
  }

  /** Bytes for the server; the application's own calls on the engine happen here too. */
  step(engine: TlsServerEngine): Uint8Array {
    const source = this.#source;
    const { client } = this;
    // An input that is used up chooses 0: everything goes its ordinary way.
    switch (source.below(24)) {
      case 12:
        return plainRecord(source.pick([20, 21, 22, 23, 24]), source.bytes(source.byte()));
      case 13:
        return client.seal(source.pick([20, 21, 22, 23, 24]), source.bytes(1 + source.byte()));
      case 14:
        return Uint8Array.of(ContentType.change_cipher_spec, 3, 3, 0, 1, 1);
      case 15:
        return source.bytes(source.byte());
      case 16:
        return client.keyUpdate(source.below(3));
      case 17:
        return client.closeNotify();
      case 18:
        return this.#last;
      case 19:
        return this.#damaged();
      case 20:
        return this.#callEngine(engine);
      case 21:
        return client.seal(ContentType.handshake, edited(client.messages.at(-1)!.raw, source));
      case 22:
        return plainRecord(ContentType.handshake, edited(client.messages.at(-1)!.raw, source));
      case 23:
        return new Uint8Array(0);
      default:
        return this.#last = nextFlight(client, source, this.#sent);
    }
  }

  #damaged(): Uint8Array {
    const flight = nextFlight(this.client, this.#source, this.#sent);
    const copy = flight.slice();
    copy[this.#source.u16() % copy.length]! ^= this.#source.byte() || 1;
    return copy;
  }

  #callEngine(engine: TlsServerEngine): Uint8Array {
    const source = this.#source;
    switch (source.below(5)) {
      case 0:
        engine.close();
        break;
      case 1:
        engine.abort(source.pick([80, 40]));
        break;
      case 2:
        engine[Symbol.dispose]();
        break;
      case 3:
        if (engine.state === "connected") engine.send(new Uint8Array(source.u16()));
        break;
      default:
        if (engine.state === "connected") engine.updateKeys(source.below(2) === 1);
    }
    return new Uint8Array(0);
  }
}
