import { ByteSource } from "../../byte_source.ts";
import { promise } from "../../fuzz_target.ts";
import type { Actor } from "./actors.ts";
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

/** A connection in which all goes well. */
export function visit<Visitor extends Actor>(driver: Driver, actor: Visitor): Visitor {
  play(driver, actor, new ByteSource(new Uint8Array(0)));
  promise(driver.completed, `no handshake was completed: ${driver.words}`);
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
