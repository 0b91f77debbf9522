import type { KeyEntity } from "../../registry/entities/key.ts";
import { AdminError, notFound } from "../errors.ts";
import type { GenerateKey, ImportKeyReference, KeyView } from "../schemas/keys.ts";
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

export async function generateKey(
  services: AdminServices,
  request: GenerateKey,
  author: string,
): Promise<KeyView> {
  const { token, ...rest } = request;
  refuseTaken(services, "generate", request.name);
  const key = await services.keyManagement.generate(
    { ...rest, ...(token !== undefined && { token }) },
    author,
  );
  return viewOfKey(services, key);
}

export async function importKeyReference(
  services: AdminServices,
  request: ImportKeyReference,
  author: string,
): Promise<KeyView> {
  refuseTaken(services, "import", request.name);
  return viewOfKey(services, await services.keyManagement.reference(request, author));
}

export function retireKey(services: AdminServices, name: string, author: string): KeyView {
  refuseAbsent(services, "retire", name);
  return viewOfKey(services, services.keyManagement.retire(name, author));
}

export async function destroyKey(services: AdminServices, name: string, author: string): Promise<KeyView> {
  refuseAbsent(services, "destroy", name);
  return viewOfKey(services, await services.keyManagement.destroy(name, author));
}

function refuseTaken({ registry }: AdminServices, intent: string, name: string): void {
  if (registry.state.get("key", name) === undefined) return;
  throw new AdminError("conflict", `Cannot ${intent} the key ${name}: there is one of that name`);
}

function refuseAbsent({ registry }: AdminServices, intent: string, name: string): void {
  if (registry.state.get("key", name) === undefined) throw notFound(`${intent} a key`, "key", name);
}
