import type { NameEntity } from "../../registry/entities/name.ts";
import type { RotationEntity } from "../../registry/entities/rotation.ts";
import { arriving, keysInState, nameOf, RotationStateError } from "../arriving_and_leaving.ts";
import { nextVersion, type RotationParts, type StepOutcome } from "../step.ts";

/** Gives edges the arriving certificates, which they serve to nobody yet. */
export function stage(rotation: RotationEntity, { clock }: RotationParts): StepOutcome {
  const arrivals = arriving(rotation);
  if (arrivals.length === 0) throw new RotationStateError("it has no certificate to serve");
  const keys = arrivals.map(({ key }) => key);
  return {
    type: "advance",
    to: "await-staged",
    changes: (state) => {
      const name = nameOf(state, rotation);
      const others = name.bindings.filter(({ key }) => !keys.includes(key));
      const staged = arrivals.map((credential) => ({ ...credential, phase: "staged" as const }));
      const put: NameEntity = { ...name, bindings: [...others, ...staged] };
      return [...keysInState(state, keys, "active", clock.now()), { kind: "name", put }];
    },
    fields: (state) => ({ awaitedVersion: nextVersion(state) }),
  };
}
