/** For tests: entities that the registry takes, each whole. */
import type { Authority } from "../../../certs/authority.ts";
import { generateKeyPair } from "../../../certs/key_pair.ts";
import { createLogger } from "../../../shared/log.ts";
import { pemToDer } from "../../../shared/libcrypto/x509.ts";
import { certificateEntity } from "../certificate_entity.ts";
import type { Entities } from "../entities.ts";
import type { Change, Registry } from "../registry.ts";
import { SqliteRegistry } from "../sqlite_registry.ts";

export const instant = "2026-11-21T12:00:00.000Z";
export const pop1 = "spiffe://holdfast.test/edge/pop1";

const silent = createLogger("test", "silent");

export function openRegistry(path?: string, follows?: string): SqliteRegistry {
  return new SqliteRegistry({ path, follows, log: silent });
}

export function keyEntity(name: string, changes: Partial<Entities["key"]> = {}): Entities["key"] {
  return {
    name,
    uri: `pkcs11:object=${name};type=private`,
    subjectKeyIdentifier: name.split("").map((c) => c.charCodeAt(0).toString(16)).join("").padEnd(40, "0")
      .slice(0, 40),
    algorithm: "ecdsa-p256",
    purposes: ["sign-tls13", "sign-tls12"],
    state: "active",
    origin: "referenced",
    createdAt: instant,
    stateSince: instant,
    ...changes,
  };
}

export function nameEntity(name: string, changes: Partial<Entities["name"]> = {}): Entities["name"] {
  return { name, bindings: [], ...changes };
}

export function permissionEntity(
  id: string,
  changes: Partial<Entities["permission"]> = {},
): Entities["permission"] {
  return {
    id,
    effect: "allow",
    subject: { edge: pop1 },
    name: "www",
    operations: ["sign-tls13"],
    transcript: "hash",
    ...changes,
  };
}

export function edgeEntity(identity: string, changes: Partial<Entities["edge"]> = {}): Entities["edge"] {
  return { identity, groups: [], state: "admitted", stateSince: instant, ...changes };
}

/** A certificate for a new P-256 key, and the key's entity. */
export async function certifiedKey(authority: Authority, name: string, serverNames: readonly string[]) {
  const { publicKeyInfo } = await generateKeyPair();
  const pem = await authority.certify(publicKeyInfo, {
    commonName: name,
    dnsNames: serverNames,
    usages: ["serverAuth"],
  });
  const certificate = certificateEntity(pemToDer(pem), "imported");
  return { certificate, key: keyEntity(name, { subjectKeyIdentifier: certificate.subjectKeyIdentifier }) };
}

/** Commits as a test. */
export function put(registry: Registry, ...changes: Change[]): number {
  return registry.commit(changes, { author: "test", reason: "test" });
}
