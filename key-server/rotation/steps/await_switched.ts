import type { RotationEntity } from "../../registry/entities/rotation.ts";
import type { RotationParts, StepOutcome } from "../step.ts";

/** Until no live edge begins handshakes with a leaving certificate; then those that have begun get their time. */
export function awaitSwitched(rotation: RotationEntity, { rollout, clock }: RotationParts): StepOutcome {
  const { name, awaitedVersion = 0, drainTime } = rotation;
  if (rollout.behind(name, awaitedVersion).length > 0) return { type: "wait" };
  const drainUntil = new Date(clock.now().getTime() + drainTime).toISOString();
  return { type: "advance", to: "drain", fields: () => ({ drainUntil }) };
}
