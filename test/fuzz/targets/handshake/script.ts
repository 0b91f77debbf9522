import { EngineMisusedError, KeyingMaterialError } from "../../../../edge-terminator/tls/errors.ts";
import type { TlsServerEngine } from "../../../../edge-terminator/tls/server_engine.ts";
import { ContentType } from "../../../../shared/tls_constants.ts";
import { plainRecord } from "../../../peer/hello_builder.ts";
import type { ByteSource } from "../../byte_source.ts";
import { promise } from "../../fuzz_target.ts";
import { type Actor, edited } from "./actors.ts";

const recordTypes = [20, 21, 22, 23, 24];

/** The client cannot go on. */
export class ClientGaveUp extends Error {}

/**
 * The scripted clients are no engines: without keys, or with a server that makes nothing of their words, they throw.
 */
export function clientDoes<T>(act: () => T): T {
  try {
    return act();
  } catch (cause) {
    throw new ClientGaveUp("the client cannot go on", { cause });
  }
}

/** The client's half of a connection, each step decided by the input. */
export class Script {
  readonly #actor: Actor;
  readonly #source: ByteSource;
  #last: Uint8Array = new Uint8Array(0);

  constructor(actor: Actor, source: ByteSource) {
    this.#actor = actor;
    this.#source = source;
  }

  /** Bytes for the server, or the application's own calls on the engine. Throws ClientGaveUp. */
  step(engine: TlsServerEngine): Uint8Array {
    // An input that is used up chooses 0: everything goes its ordinary way.
    const choice = this.#source.below(24);
    return choice === 23 ? this.#callEngine(engine) : clientDoes(() => this.#act(choice));
  }

  #act(choice: number): Uint8Array {
    const source = this.#source;
    const actor = this.#actor;
    switch (choice) {
      case 12:
        return plainRecord(source.pick(recordTypes), source.bytes(source.byte()));
      case 13:
        return actor.seal(source.pick(recordTypes), source.bytes(1 + source.byte()));
      case 14:
        return plainRecord(ContentType.change_cipher_spec, Uint8Array.of(1));
      case 15:
        return source.bytes(source.byte());
      case 16:
        return actor.peculiarity();
      case 17:
        return actor.seal(ContentType.alert, Uint8Array.of(source.below(3), source.byte()));
      case 18:
        return this.#last;
      case 19:
        return this.#damaged();
      case 20:
        return actor.seal(ContentType.handshake, edited(actor.messages.at(-1)!.raw, source));
      case 21:
        return plainRecord(ContentType.handshake, edited(actor.messages.at(-1)!.raw, source));
      case 22:
        return new Uint8Array(0);
      default:
        return this.#last = actor.next();
    }
  }

  /** The next flight, changed after it was hashed and protected. */
  #damaged(): Uint8Array {
    const copy = this.#actor.next().slice();
    if (copy.length > 0) copy[this.#source.u16() % copy.length]! ^= this.#source.byte() || 1;
    return copy;
  }

  /** The application's calls, at any time: out of place they throw EngineMisusedError and must do nothing else. */
  #callEngine(engine: TlsServerEngine): Uint8Array {
    const source = this.#source;
    const calls = [
      () => engine.close(),
      () => engine.abort(source.pick([80, 40])),
      () => engine[Symbol.dispose](),
      () => engine.send(new Uint8Array(source.u16())),
      () => engine.updateKeys(source.below(2) === 1),
      () => exportSomething(engine, source),
    ];
    try {
      source.pick(calls)();
    } catch (error) {
      if (!(error instanceof EngineMisusedError || error instanceof KeyingMaterialError)) throw error;
    }
    return new Uint8Array(0);
  }
}

function exportSomething(engine: TlsServerEngine, source: ByteSource): void {
  const label = source.pick(["EXPORTER-fuzz", "", "key expansion", "x".repeat(249), "\n"]);
  const context = source.pick([undefined, new Uint8Array(0), new Uint8Array(65_535)]);
  const length = source.pick([32, 0, 8160, 65_536]);
  const exported = engine.exportKeyingMaterial(label, context, length);
  promise(exported.length === length, "keying material is of another length");
}
