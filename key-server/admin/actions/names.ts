import type { NameEntity } from "../../registry/entities/name.ts";
import type { RotationStep } from "../../registry/entities/rotation.ts";
import type { RegistryState } from "../../registry/registry.ts";
import { notFound } from "../errors.ts";
import type { NameView } from "../schemas/names.ts";
import type { AdminServices } from "../services.ts";

export function listNames({ registry: { state } }: AdminServices): NameView[] {
  return state.list("name").map((name) => viewOfName(state, name));
}

export function getName({ registry: { state } }: AdminServices, name: string): NameView {
  const entity = state.get("name", name);
  if (entity === undefined) throw notFound("show a name", "name", name);
  return viewOfName(state, entity);
}

const ends: readonly RotationStep[] = ["done", "aborted", "rolled-back"];

/** Whether a rotation has come to one of its ends. */
export function hasEnded({ step }: { readonly step: RotationStep }): boolean {
  return ends.includes(step);
}

function viewOfName(
  state: RegistryState,
  { name, serverNames, ticketDomain, bindings }: NameEntity,
): NameView {
  const rotation = state.list("rotation").find((each) => each.name === name && !hasEnded(each));
  return {
    name,
    serverNames: serverNames ?? null,
    ticketDomain: ticketDomain ?? null,
    rotation: rotation?.id ?? null,
    bindings: bindings.map((binding) => {
      const key = state.get("key", binding.key)!;
      const certificate = binding.certificate && state.get("certificate", binding.certificate);
      return {
        ...binding,
        certificate: binding.certificate ?? null,
        algorithm: key.algorithm,
        keyState: key.state,
        notAfter: certificate ? certificate.notAfter : null,
      };
    }),
  };
}
