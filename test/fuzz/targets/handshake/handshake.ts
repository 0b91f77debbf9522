import { LockedPool } from "../../../../shared/memory/locked_pool.ts";
import { ByteSource } from "../../byte_source.ts";
import { readRecordings } from "../../corpus/recording.ts";
import { type FuzzSubject, type FuzzTarget, promise } from "../../fuzz_target.ts";
import { Random } from "../../random.ts";
import { Driver, usualSite } from "./driver.ts";
import { modes } from "./modes.ts";
import { play } from "./play.ts";
import { askingSites, Visitors } from "./visitors.ts";

const scripted = modes.length - 1;
const scriptsOfEach = 10;

/**
 * Whole connections with the engine. An input is either a stream of bytes or a script for a client that has the keys
 * and does wrong under them. Whatever happens, the engine must not throw, not fail of its own, and give every block of
 * its pool back.
 */
class HandshakeSubject implements FuzzSubject {
  readonly #serverPool = LockedPool.open({ totalBytes: 64 * 128 });
  readonly #visitors = new Visitors(this.#serverPool);
  readonly seeds: readonly Uint8Array[] = [
    ...readRecordings().map(({ fromClient }, index) => Uint8Array.of(0, index * 9, ...fromClient)),
    ...modes.map((_, index) => Uint8Array.of(index)),
    ...Array.from(
      { length: scriptsOfEach * scripted },
      (_, index) => Uint8Array.of(1 + index % scripted, ...new Random(index).bytes(80)),
    ),
  ];

  run(input: Uint8Array): string {
    const before = this.#serverPool.blocksInUse;
    const words = this.#run(new ByteSource(input));
    const leaked = this.#serverPool.blocksInUse - before;
    promise(leaked === 0, `${leaked} blocks were not returned`);
    return words;
  }

  [Symbol.dispose](): void {
    this.#visitors[Symbol.dispose]();
    this.#serverPool[Symbol.dispose]();
  }

  #run(source: ByteSource): string {
    const { name, client, manners, options, asks, elsewhere } = source.pick(modes);
    const site = asks ? source.pick(askingSites) : usualSite;
    const { cache, away } = this.#visitors;
    const sessions = elsewhere ? { sessions: away } : {};
    using driver = new Driver({ ...this.#visitors.options, ...options, ...sessions }, manners, site, cache);
    if (client === undefined) {
      this.#playStream(driver, source);
    } else {
      using actor = this.#visitors.actor(client, site, source);
      play(driver, actor, source);
    }
    return `${name} ${driver.words}`;
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
