import type { RotationEntity } from "../../registry/entities/rotation.ts";
import type { RegistryState } from "../../registry/registry.ts";
import { keyOf, keysInState, leavingKeys } from "../arriving_and_leaving.ts";
import type { RotationParts, StepOutcome } from "../step.ts";
import { newKeyName, newKeyToken } from "./generate_key.ts";

/** Milliseconds after which it is looked at again whether the key server has let go of the key. */
const glance = 100;

/** Which of the leaving keys go from their token. What an aborted rotation has made was never served: it always goes. */
function doomedKeys(state: RegistryState, rotation: RotationEntity): readonly string[] {
  const { destroys, ending } = rotation;
  if (ending === "aborted" || destroys === "all") return leavingKeys(rotation);
  if (destroys === "none") return [];
  return leavingKeys(rotation).filter((name) => keyOf(state, name).origin === "generated");
}

/**
 * Destroys keys in their tokens. They are recorded as destroyed before: from then on nothing can be rolled back, and a crash
 * at any instant leaves no doubt what is left to do.
 */
export async function destroyKey(rotation: RotationEntity, parts: RotationParts): Promise<StepOutcome> {
  const { registry, clock, tokenKeys, isServed } = parts;
  const { state } = registry;
  const doomed = doomedKeys(state, rotation);
  if (doomed.some((name) => keyOf(state, name).state !== "destroyed")) {
    return {
      type: "advance",
      to: "destroy-key",
      changes: (current) => keysInState(current, doomed, "destroyed", clock.now()),
    };
  }
  const keys = doomed.map((name) => keyOf(state, name));
  if (keys.some(({ subjectKeyIdentifier }) => isServed(subjectKeyIdentifier))) {
    return { type: "wait", until: new Date(clock.now().getTime() + glance) };
  }
  for (const key of keys) await tokenKeys.destroy(key);
  if (rotation.ending === "aborted" && rotation.newKey === undefined) {
    await tokenKeys.destroyLabel(newKeyToken(state, rotation), newKeyName(rotation));
  }
  return { type: "advance", to: rotation.ending };
}
