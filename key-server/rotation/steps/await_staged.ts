import type { RotationEntity } from "../../registry/entities/rotation.ts";
import { arriving, keyOf, RotationStateError } from "../arriving_and_leaving.ts";
import type { RotationParts, StepOutcome } from "../step.ts";

/** Milliseconds after which it is looked at again whether the key server has opened the key. */
const glance = 100;

/** Milliseconds that a key server takes to open a key in its token, at most, where nothing is wrong. */
const patience = 5000;

/** Until every live edge has the arriving certificates, and this key server answers for their keys. */
export function awaitStaged(rotation: RotationEntity, parts: RotationParts): StepOutcome {
  const { registry, rollout, isServed } = parts;
  if (rollout.behind(rotation.name, rotation.awaitedVersion ?? 0).length > 0) return { type: "wait" };
  const keys = arriving(rotation).map(({ key }) => keyOf(registry.state, key));
  const ready = keys.every(({ subjectKeyIdentifier }) => isServed(subjectKeyIdentifier));
  if (!ready) return awaitOpened(rotation, keys.map(({ name }) => name), parts);
  return { type: "advance", to: "switch" };
}

/** A key that cannot be opened is a problem, and looked at less and less often. */
function awaitOpened(
  { stepSince }: RotationEntity,
  keys: readonly string[],
  parts: RotationParts,
): StepOutcome {
  const now = parts.clock.now().getTime();
  if (now < Date.parse(stepSince) + patience) return { type: "wait", until: new Date(now + glance) };
  const reasons = keys.map((key) => `${key}: ${parts.keyProblem(key) ?? "not open"}`);
  throw new RotationStateError(`the key server does not answer for its key yet (${reasons.join("; ")})`);
}
