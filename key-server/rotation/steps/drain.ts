import type { RotationEntity } from "../../registry/entities/rotation.ts";
import { keyOf, leavingKeys } from "../arriving_and_leaving.ts";
import type { RotationParts, StepOutcome } from "../step.ts";

/**
 * Until the drain time is over, and until nobody has used a leaving key for as long: an edge that the control channel does
 * not reach serves by what it last had, and its handshakes are not to fail.
 */
export function drain(rotation: RotationEntity, { registry, clock, lastUse }: RotationParts): StepOutcome {
  const { drainUntil = rotation.stepSince, drainTime } = rotation;
  const keys = leavingKeys(rotation).map((name) => keyOf(registry.state, name));
  const ends = keys.map((key) => {
    const use = lastUse(key.subjectKeyIdentifier);
    return { key: key.name, end: use === undefined ? 0 : use.getTime() + drainTime };
  });
  const until = Math.max(Date.parse(drainUntil), ...ends.map(({ end }) => end));
  const now = clock.now().getTime();
  if (now >= until) return { type: "advance", to: "retire-key" };
  const used = ends.filter(({ end }) => end > now).map(({ key }) => key);
  const isOverdue = used.length > 0 && now > Date.parse(drainUntil) + drainTime;
  return { type: "wait", until: new Date(until), ...isOverdue ? { problem: stillUsed(used) } : {} };
}

function stillUsed(keys: readonly string[]): string {
  return `${
    keys.join(", ")
  } is still used: by an edge that serves its certificate from a file, or that is not connected`;
}
