import type { Binding } from "../../registry/entities/name.ts";
import type { RotationEntity } from "../../registry/entities/rotation.ts";
import { arriving, leavingKeys, nameOf, RotationStateError } from "../arriving_and_leaving.ts";
import { nextVersion, type RotationParts, type StepOutcome } from "../step.ts";

/** From the version that this makes on, edges begin no handshake with a leaving certificate. */
export function switchCertificates(
  rotation: RotationEntity,
  { registry, clock }: RotationParts,
): StepOutcome {
  for (const { certificate } of arriving(rotation)) {
    const { notAfter = "" } = registry.state.get("certificate", certificate) ?? {};
    if (notAfter <= clock.now().toISOString()) {
      throw new RotationStateError("the certificate that it would serve has expired; abort it");
    }
  }
  return {
    type: "advance",
    to: "await-switched",
    changes: (state) => {
      const name = nameOf(state, rotation);
      return [{ kind: "name", put: { ...name, bindings: switched(name.bindings, rotation) } }];
    },
    fields: (state) => ({ awaitedVersion: nextVersion(state) }),
  };
}

/** The arriving ones come where the first of the leaving ones was: the order is the edges' preference. */
function switched(bindings: readonly Binding[], rotation: RotationEntity): Binding[] {
  const leaving = leavingKeys(rotation);
  const arrivals = arriving(rotation).map((credential) => ({ ...credential, phase: "active" as const }));
  const rest = bindings.filter(({ key }) => arrivals.every((arrival) => arrival.key !== key));
  const place = rest.findIndex(({ key }) => leaving.includes(key));
  const drained = rest.map((binding) =>
    leaving.includes(binding.key) ? { ...binding, phase: "draining" as const } : binding
  );
  return place < 0 ? [...drained, ...arrivals] : drained.toSpliced(place, 0, ...arrivals);
}
