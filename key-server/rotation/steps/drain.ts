import type { RotationEntity } from "../../registry/entities/rotation.ts";
import { keyOf, leavingKeys } from "../arriving_and_leaving.ts";
import type { RotationParts, StepOutcome } from "../step.ts";

/**
 * Until the drain time is over, and until nobody has used a leaving key for as long: an edge that the control channel does
 * not reach serves by what it last had, and its handshakes are not to fail.
 */
export function drain(rotation: RotationEntity, { registry, clock, lastUse }: RotationParts): StepOutcome {
  const { drainUntil, drainTime } = rotation;
  const uses = leavingKeys(rotation).flatMap((name) => {
    const use = lastUse(keyOf(registry.state, name).subjectKeyIdentifier);
    return use === undefined ? [] : [use.getTime() + drainTime];
  });
  const until = Math.max(drainUntil === undefined ? 0 : Date.parse(drainUntil), ...uses);
  if (clock.now().getTime() < until) return { type: "wait", until: new Date(until) };
  return { type: "advance", to: "retire-key" };
}
