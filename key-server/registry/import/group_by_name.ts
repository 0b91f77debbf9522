import type { GrantConfig } from "../../config.ts";
import { isServerNamePattern } from "../../server_names.ts";
import type { CertificateEntity } from "../entities/certificate.ts";
import { entityNameSchema } from "../entities/common.ts";
import type { KeyEntity } from "../entities/key.ts";
import type { NameEntity } from "../entities/name.ts";

/** A `[[key]]` of the configuration. */
export interface ImportedKey {
  readonly entity: KeyEntity;
  readonly certificate: CertificateEntity | undefined;
}

/** A name, and the keys that serve it. */
export interface ImportedName {
  readonly name: string;
  readonly entity: NameEntity;
  readonly keys: readonly ImportedKey[];
}

/**
 * The names that a file's keys are for. Keys whose certificates begin with the same DNS name share a name, called by it,
 * where their grants are the same; every other key has a name of its own, called as the key.
 */
export function groupByName(keys: readonly ImportedKey[], grants: readonly GrantConfig[]): ImportedName[] {
  const groups = Map.groupBy(keys, (key) => groupOf(key, grants));
  const taken = new Set<string>();
  return Array.from(groups.values(), (group) => {
    const [first] = group;
    const name = freeName([group[0]?.certificate?.serverNames[0], first!.entity.name], taken);
    taken.add(name);
    return { name, entity: nameEntity(name, group), keys: group };
  });
}

function groupOf({ entity, certificate }: ImportedKey, grants: readonly GrantConfig[]): string {
  const serverName = certificate?.serverNames[0];
  if (serverName === undefined) return JSON.stringify(["key", entity.name]);
  const own = grants.filter(({ key }) => key === entity.name).map(({ key: _, ...grant }) =>
    JSON.stringify(grant)
  );
  return JSON.stringify(["server name", serverName, own.sort()]);
}

/** The first that nobody has and that the registry takes. */
function freeName(wanted: readonly (string | undefined)[], taken: ReadonlySet<string>): string {
  const fits = (name: string | undefined) =>
    name !== undefined && entityNameSchema.safeParse(name).success && !taken.has(name);
  const found = wanted.find(fits);
  if (found !== undefined) return found;
  for (let number = 2;; number++) {
    const name = `${wanted.at(-1)}-${number}`;
    if (fits(name)) return name;
  }
}

function nameEntity(name: string, keys: readonly ImportedKey[]): NameEntity {
  const serverNames = new Set(
    keys.flatMap(({ certificate }) => certificate?.serverNames ?? []).filter(isServerNamePattern),
  );
  return {
    name,
    ...(serverNames.size === 0 ? {} : { serverNames: [...serverNames] }),
    bindings: keys.map(({ entity, certificate }) => ({
      key: entity.name,
      ...(certificate === undefined ? {} : { certificate: certificate.id }),
      phase: "active" as const,
    })),
  };
}
