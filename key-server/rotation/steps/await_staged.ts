import type { RotationEntity } from "../../registry/entities/rotation.ts";
import { arriving, keyOf } from "../arriving_and_leaving.ts";
import type { RotationParts, StepOutcome } from "../step.ts";

/** Milliseconds after which it is looked at again whether the key server has opened the key. */
const glance = 100;

/** Until every live edge has the arriving certificates, and this key server answers for their keys. */
export function awaitStaged(rotation: RotationEntity, parts: RotationParts): StepOutcome {
  const { registry, rollout, clock, isServed } = parts;
  if (rollout.behind(rotation.name, rotation.awaitedVersion ?? 0).length > 0) return { type: "wait" };
  const keys = arriving(rotation).map(({ key }) => keyOf(registry.state, key));
  const ready = keys.every(({ subjectKeyIdentifier }) => isServed(subjectKeyIdentifier));
  if (!ready) return { type: "wait", until: new Date(clock.now().getTime() + glance) };
  return { type: "advance", to: "switch" };
}
