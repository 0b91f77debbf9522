import type { LockedPool } from "../../../../shared/memory/locked_pool.ts";
import { ByteSource } from "../../byte_source.ts";
import { promise } from "../../fuzz_target.ts";
import { type Actor, Tls13Actor } from "./actors.ts";
import type { Driver } from "./driver.ts";
import { clientDoes, ClientGaveUp, Script } from "./script.ts";

const mostSteps = 12;

/** A connection, each step of which the input decides, until the client cannot go on. */
export function play(driver: Driver, actor: Actor, source: ByteSource): void {
  const script = new Script(actor, source);
  const step = source.byte() || Infinity;
  try {
    for (let count = 0; count < mostSteps; count += 1) exchange(driver, actor, script, step);
  } catch (error) {
    if (!(error instanceof ClientGaveUp)) throw error;
  }
}

/** A connection in which all goes well; the client then has sessions to resume. Dispose of it after their last use. */
export function visit(driver: Driver, clientPool: LockedPool): Tls13Actor {
  const source = new ByteSource(new Uint8Array(0));
  const actor = new Tls13Actor(clientPool, source);
  play(driver, actor, source);
  promise(actor.sessions.length > 0, `no session to resume after ${driver.words}`);
  return actor;
}

/** One step of the script, given to the engine in pieces, and what the engine says to it. */
function exchange(driver: Driver, actor: Actor, script: Script, step: number): void {
  const bytes = script.step(driver.engine);
  // Even without bytes: the script may have called the engine, which then has something to say.
  for (let at = 0; at === 0 || at < bytes.length; at += step) {
    const output = driver.receive(bytes.subarray(at, at + step));
    clientDoes(() => actor.receive(output));
  }
}
