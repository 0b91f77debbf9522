import { LocalTicketKeys } from "../../../../edge-terminator/ticket_keys/local_ticket_keys.ts";
import { LockedPool } from "../../../../shared/memory/locked_pool.ts";
import { ByteSource } from "../../byte_source.ts";
import { readRecordings } from "../../corpus/recording.ts";
import { type FuzzSubject, type FuzzTarget, promise } from "../../fuzz_target.ts";
import { Random } from "../../random.ts";
import { type Actor, Tls12Actor, Tls13Actor } from "./actors.ts";
import { Driver, type Manners } from "./driver.ts";
import { play, visit } from "./play.ts";

/** What the input's first byte chooses. */
const modes = [
  "stream",
  "TLS 1.3",
  "TLS 1.3",
  "TLS 1.3 resumed",
  "TLS 1.2",
  "fails",
  "refuses the name",
] as const;
type Mode = (typeof modes)[number];

/**
 * Whole connections with the engine. An input is either a stream of bytes or a script for a client that has the keys
 * and does wrong under them. Whatever happens, the engine must not throw, not fail of its own, and give every block of
 * its pool back.
 */
class HandshakeSubject implements FuzzSubject {
  readonly #serverPool = LockedPool.open({ totalBytes: 64 * 128 });
  readonly #clientPool = LockedPool.open({ totalBytes: 64 * 512 });
  readonly #ticketKeys = new LocalTicketKeys({ pool: this.#clientPool });
  /** A client that has been here before. */
  readonly #earlier: Tls13Actor;
  readonly seeds: readonly Uint8Array[] = [
    ...readRecordings().map(({ fromClient }, index) => Uint8Array.of(0, index * 9, ...fromClient)),
    ...modes.map((_, index) => Uint8Array.of(index)),
    ...Array.from({ length: 60 }, (_, index) => Uint8Array.of(1 + index % 6, ...new Random(index).bytes(80))),
  ];

  constructor() {
    using driver = this.#drive("well");
    this.#earlier = visit(driver, this.#clientPool);
  }

  run(input: Uint8Array): string {
    const before = this.#serverPool.blocksInUse;
    const words = this.#run(new ByteSource(input));
    const leaked = this.#serverPool.blocksInUse - before;
    promise(leaked === 0, `${leaked} blocks were not returned`);
    return words;
  }

  [Symbol.dispose](): void {
    this.#earlier[Symbol.dispose]();
    this.#ticketKeys[Symbol.dispose]();
    this.#serverPool[Symbol.dispose]();
    this.#clientPool[Symbol.dispose]();
  }

  #drive(manners: Manners): Driver {
    return new Driver({ pool: this.#serverPool, tickets: { keys: this.#ticketKeys } }, manners);
  }

  #run(source: ByteSource): string {
    const mode = source.pick(modes);
    using driver = this.#drive(mode === "fails" || mode === "refuses the name" ? mode : "well");
    if (mode === "stream") {
      this.#playStream(driver, source);
    } else {
      using actor = this.#actor(mode, source);
      play(driver, actor, source);
    }
    return `${mode} ${driver.words}`;
  }

  #actor(mode: Mode, source: ByteSource): Actor {
    if (mode === "TLS 1.2") return new Tls12Actor(this.#clientPool, source);
    const session = mode === "TLS 1.3 resumed" ? this.#earlier.sessions[0] : undefined;
    return new Tls13Actor(this.#clientPool, source, session);
  }

  #playStream(driver: Driver, source: ByteSource): void {
    const step = source.byte() || Infinity;
    const stream = source.rest();
    for (let at = 0; at < stream.length; at += step) driver.receive(stream.subarray(at, at + step));
    promise(!driver.completed, "a handshake was completed without a client");
  }
}

export const handshakeTarget: FuzzTarget = {
  name: "handshake",
  about: "whole connections: byte streams, and scripts for a client that misbehaves under the right keys",
  share: 12,
  open: () => new HandshakeSubject(),
};
