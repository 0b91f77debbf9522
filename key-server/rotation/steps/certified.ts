import type { CertificateEntity } from "../../registry/entities/certificate.ts";
import type { RotationEntity } from "../../registry/entities/rotation.ts";
import type { Change, RegistryState } from "../../registry/registry.ts";
import type { StepOutcome } from "../step.ts";

/** A certificate put into the registry, unless a crash came between it and its rotation's record. */
export function putCertificate(state: RegistryState, certificate: CertificateEntity): Change[] {
  return state.get("certificate", certificate.id) === undefined
    ? [{ kind: "certificate", put: certificate }]
    : [];
}

/** Challenges that were to be answered with these keys taken away. */
export function withoutChallenges(state: RegistryState, keys: readonly string[]): Change[] {
  return state.list("challenge").filter(({ key }) => keys.includes(key))
    .map(({ serverName }) => ({ kind: "challenge", remove: serverName }));
}

/** The new key has its certificate, and no challenge is answered with it any more. */
export function certified({ newKey }: RotationEntity, certificate: CertificateEntity): StepOutcome {
  return {
    type: "advance",
    to: "stage",
    changes: (state) => [
      ...putCertificate(state, certificate),
      ...withoutChallenges(state, newKey === undefined ? [] : [newKey]),
    ],
    fields: () => ({ newCertificate: certificate.id }),
  };
}
