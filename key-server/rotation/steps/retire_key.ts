import type { RotationEntity } from "../../registry/entities/rotation.ts";
import type { Change } from "../../registry/registry.ts";
import { keysInState, leavingKeys, nameOf } from "../arriving_and_leaving.ts";
import type { RotationParts, StepOutcome } from "../step.ts";
import { withoutChallenges } from "./certified.ts";

/** The leaving keys answer no more. */
export function retireKey(rotation: RotationEntity, { clock }: RotationParts): StepOutcome {
  const leaving = leavingKeys(rotation);
  return {
    type: "advance",
    to: "destroy-key",
    changes: (state): Change[] => {
      const name = nameOf(state, rotation);
      const bindings = name.bindings.filter(({ key }) => !leaving.includes(key));
      return [
        { kind: "name", put: { ...name, bindings } },
        ...keysInState(state, leaving, "retired", clock.now()),
        ...withoutChallenges(state, leaving),
      ];
    },
  };
}
