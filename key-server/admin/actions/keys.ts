import type { KeyEntity } from "../../registry/entities/key.ts";
import { notFound } from "../errors.ts";
import type { KeyView } from "../schemas/keys.ts";
import type { AdminServices } from "../services.ts";

export function listKeys(services: AdminServices): KeyView[] {
  return services.registry.state.list("key").map((key) => viewOfKey(services, key));
}

export function getKey(services: AdminServices, name: string): KeyView {
  const key = services.registry.state.get("key", name);
  if (key === undefined) throw notFound("show a key", "key", name);
  return viewOfKey(services, key);
}

function viewOfKey({ registry, keyHealth }: AdminServices, key: KeyEntity): KeyView {
  const { loaded, problem, signatureSchemes } = keyHealth(key.name);
  const having = registry.state.list("name").filter(({ bindings }) =>
    bindings.some((binding) => binding.key === key.name)
  );
  return {
    ...key,
    names: having.map(({ name }) => name),
    loaded,
    problem: problem ?? null,
    signatureSchemes: [...signatureSchemes],
  };
}
