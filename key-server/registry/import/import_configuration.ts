import { ConfigError, type ConfigProblem } from "../../../shared/config/errors.ts";
import type { GrantConfig, KeyConfig, KeyServerConfig } from "../../config.ts";
import type { KeyRing } from "../../key_ring.ts";
import { type KeyCopy, KeyUnusableError } from "../../key_copy.ts";
import { keyUri, parsePkcs11Uri } from "../../token/uri.ts";
import { certificateOfKey } from "./certificate_of_key.ts";
import type { CertificateEntity } from "../entities/certificate.ts";
import type { KeyEntity } from "../entities/key.ts";
import type { Change, Registry } from "../registry.ts";
import { missingName } from "../rules/permission_rules.ts";
import { groupByName, type ImportedKey } from "./group_by_name.ts";
import { algorithmOf } from "./key_algorithm.ts";

export const importAuthor = "holdfast:import";

/**
 * Enters the file's `[[key]]` and `[[grant]]` into an empty registry, in one transaction. The keys are looked up in their
 * tokens and tested, as the file does not say which they are. Throws ConfigError, TokenError.
 */
export async function importConfiguration(
  registry: Registry,
  config: Pick<KeyServerConfig, "file" | "keys" | "grants">,
  ring: KeyRing,
): Promise<void> {
  const keys: ImportedKey[] = [];
  const aliases = new Map<string, string>();
  for (const [index, key] of config.keys.entries()) {
    const problem = (text: string) => new ConfigError(config.file, [{ key: `key[${index}]`, text }]);
    const imported = await importKey(config, key, `key[${index}]`, ring, problem);
    const { subjectKeyIdentifier } = imported.entity;
    const same = keys.findIndex(({ entity }) => entity.subjectKeyIdentifier === subjectKeyIdentifier);
    if (same < 0) keys.push(imported);
    else {
      aliases.set(key.name, keys[same]!.entity.name);
      keys[same] = asOne(keys[same]!, imported, problem);
    }
  }
  const grants = config.grants.map((grant) => ({ ...grant, key: aliases.get(grant.key) ?? grant.key }));
  const names = groupByName(keys, grants);
  const nameOfKey = new Map(
    names.flatMap(({ name, keys }) => keys.map((key) => [key.entity.name, name] as const)),
  );
  for (const [alias, key] of aliases) nameOfKey.set(alias, nameOfKey.get(key)!);
  const certificates = new Map(
    keys.flatMap(({ certificate }) =>
      certificate === undefined ? [] : [[certificate.id, certificate] as const]
    ),
  );
  const changes: Change[] = [
    ...keys.map(({ entity }): Change => ({ kind: "key", put: entity })),
    ...certificates.values().map((put): Change => ({ kind: "certificate", put })),
    ...names.map(({ entity }): Change => ({ kind: "name", put: entity })),
    ...permissions(config.grants, nameOfKey),
  ];
  refuseNarrowHashes(config, new Map(names.map(({ name, entity }) => [name, entity.serverNames])), nameOfKey);
  if (changes.length > 0) {
    registry.commit(changes, { author: importAuthor, reason: `import of ${config.file}`.slice(0, 1000) });
  }
}

async function importKey(
  { file }: Pick<KeyServerConfig, "file">,
  key: KeyConfig,
  place: string,
  ring: KeyRing,
  problem: (text: string) => Error,
): Promise<ImportedKey> {
  const { tokenKey: { publicKey } } = await prepareAny(ring, { ...key, place: `${place} of ${file}` }).catch(
    (error: unknown) => {
      throw error instanceof KeyUnusableError ? problem(error.reason) : error;
    },
  );
  const subjectKeyIdentifier = publicKey.subjectKeyIdentifier.toHex();
  const now = new Date().toISOString();
  const entity: KeyEntity = {
    name: key.name,
    uri: keyUri(key.uri),
    ...(key.copies.length === 0 ? {} : { copies: key.copies.map(keyUri) }),
    subjectKeyIdentifier,
    algorithm: algorithmOf(publicKey),
    purposes: [...key.purposes],
    state: "active",
    origin: "referenced",
    createdAt: now,
    stateSince: now,
  };
  return { entity, certificate: await readCertificate(key, subjectKeyIdentifier, problem) };
}

/** One of its copies is enough, where a token is away. Throws the first one's failure. */
async function prepareAny(ring: KeyRing, key: KeyConfig & { readonly place: string }): Promise<KeyCopy> {
  try {
    return await ring.prepare(key);
  } catch (error) {
    for (const uri of key.copies) {
      const copy = await ring.prepare({ ...key, uri }).catch(() => undefined);
      if (copy !== undefined) return copy;
    }
    throw error;
  }
}

/** Two `[[key]]`s that are one key in two tokens: the first one's name counts, and either may have the certificate. */
function asOne(first: ImportedKey, second: ImportedKey, problem: (text: string) => Error): ImportedKey {
  const { name, uri, copies = [], purposes } = first.entity;
  const added = [second.entity.uri, ...second.entity.copies ?? []];
  const tokens = [uri, ...copies].map(tokenPartOf);
  if (added.some((place) => tokens.includes(tokenPartOf(place)))) {
    throw problem(`is the same key as ${name}, in the same token; expected each key once`);
  }
  if (purposes.toSorted().join() !== second.entity.purposes.toSorted().join()) {
    throw problem(`is the same key as ${name} in another token; expected the same purposes`);
  }
  return {
    entity: { ...first.entity, copies: [...copies, ...added] },
    certificate: first.certificate ?? second.certificate,
  };
}

function tokenPartOf(uri: string): string {
  const { token, serial, slotId, model, manufacturer } = parsePkcs11Uri(uri);
  return JSON.stringify([token, serial, slotId, model, manufacturer]);
}

async function readCertificate(
  { certificate: path }: KeyConfig,
  subjectKeyIdentifier: string,
  problem: (text: string) => Error,
): Promise<CertificateEntity | undefined> {
  if (path === undefined) return undefined;
  const certificate = await certificateOfKey(path);
  if (certificate === undefined) throw problem(`has a certificate file ${path} that cannot be read as PEM`);
  if (certificate.subjectKeyIdentifier !== subjectKeyIdentifier) {
    throw problem(`has a certificate of another key in ${path}`);
  }
  return certificate;
}

/** Several keys share a name only where their grants are the same, which then become one permission. */
function permissions(grants: readonly GrantConfig[], nameOfKey: ReadonlyMap<string, string>): Change[] {
  const seen = new Set<string>();
  const changes: Change[] = [];
  for (const [index, { edge, key, operations, serverNames, transcript }] of grants.entries()) {
    const content = {
      effect: "allow" as const,
      subject: { edge },
      name: nameOfKey.get(key)!,
      operations: [...operations],
      ...(serverNames === undefined ? {} : { serverNames: [...serverNames] }),
      transcript,
    };
    const text = JSON.stringify(content);
    if (seen.has(text)) continue;
    seen.add(text);
    changes.push({ kind: "permission", put: { id: `grant-${index}`, ...content } });
  }
  return changes;
}

/** A hash does not tell for which name it is signed: the registry would say so too, but not where in the file. */
function refuseNarrowHashes(
  { file, grants }: Pick<KeyServerConfig, "file" | "grants">,
  serverNames: ReadonlyMap<string, readonly string[] | undefined>,
  nameOfKey: ReadonlyMap<string, string>,
): void {
  const problems = grants.flatMap((grant, index): ConfigProblem[] => {
    if (grant.transcript === "strict" || grant.serverNames === undefined) return [];
    const missing = missingName(grant.serverNames, serverNames.get(nameOfKey.get(grant.key) ?? ""));
    if (missing === undefined) return [];
    const text = `leaves out ${missing}, which the key's certificate has; expected every name of it, ` +
      'or transcript = "strict": a hash does not tell for which name it is signed';
    return [{ key: `grant[${index}].server_names`, text }];
  });
  if (problems.length > 0) throw new ConfigError(file, problems);
}
