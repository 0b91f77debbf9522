/**
 * For tests of roles, schemas and audit records: what keys and rotations would do in a token, done in the registry alone.
 * `test/e2e/admin_test.ts` has the real ones.
 */
import { Authority } from "../../../certs/authority.ts";
import { pemToDer } from "../../../shared/libcrypto/x509.ts";
import type { KeyManagement } from "../../issuance/key_management.ts";
import { certificateEntity } from "../../registry/certificate_entity.ts";
import type { KeyEntity } from "../../registry/entities/key.ts";
import type { RotationEntity } from "../../registry/entities/rotation.ts";
import type { Registry } from "../../registry/registry.ts";
import { instant, keyEntity } from "../../registry/testing/entities.ts";
import { RotationError, type Rotations } from "../../rotation/rotations.ts";

export const request = "-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----\n";

export function keyManagementDouble(registry: Registry): KeyManagement {
  const putKey = (key: KeyEntity, author: string) => {
    registry.commit([{ kind: "key", put: key }], { author, reason: `put ${key.name}` });
    return key;
  };
  const keyOf = (name: string) => registry.state.get("key", name)!;
  const certificateOf = (chainPem: string) => certificateEntity(pemToDer(chainPem), "external");
  return {
    generate: (key, author) =>
      Promise.resolve(putKey(keyEntity(key.name, { algorithm: key.algorithm, origin: "generated" }), author)),
    reference: ({ name, uri }, author) => Promise.resolve(putKey(keyEntity(name, { uri }), author)),
    retire: (name, author) => putKey({ ...keyOf(name), state: "retired" }, author),
    destroy: (name, author) => Promise.resolve(putKey({ ...keyOf(name), state: "destroyed" }, author)),
    certificateRequest: () => Promise.resolve(request),
    checkCertificate: (_name, chainPem) => certificateOf(chainPem),
    installCertificate: (name, chainPem, author) => {
      const put = certificateOf(chainPem);
      if (registry.state.get("certificate", put.id) === undefined) {
        registry.commit([{ kind: "certificate", put }], { author, reason: `install for ${name}` });
      }
      return put;
    },
    async createAuthority({ name, purpose }, author) {
      const { certificatePem } = await Authority.createRoot("Test Authority");
      const { chain, notAfter } = certificateEntity(pemToDer(certificatePem), "imported");
      const put = { name, purpose, keyUri: "pkcs11:object=authority", chain, notAfter };
      registry.commit([{ kind: "authority", put }], { author, reason: `create ${name}` });
      return put;
    },
  };
}

export function rotationsDouble(registry: Registry): Rotations {
  const end = (id: string, step: "aborted" | "rolled-back", author: string) => {
    const rotation = registry.state.get("rotation", id);
    if (rotation === undefined) throw new RotationError("there is none");
    registry.commit([{ kind: "rotation", put: { ...rotation, step } }], { author, reason: step });
  };
  return {
    start({ name, algorithm = "ecdsa-p256", issuer = "development" }, author) {
      const put: RotationEntity = {
        id: crypto.randomUUID().replaceAll("-", "").slice(0, 16),
        name,
        algorithm,
        issuer,
        step: "generate-key",
        ending: "done",
        replaces: [],
        drainTime: 0,
        destroys: "generated",
        startedAt: instant,
        startedBy: author,
        stepSince: instant,
      };
      registry.commit([{ kind: "rotation", put }], { author, reason: `rotate ${name}` });
      return registry.state.get("rotation", put.id)!;
    },
    abort: (id, author) => end(id, "aborted", author),
    rollback: (id, author) => end(id, "rolled-back", author),
    certificateRequest: () => Promise.resolve(request),
    installCertificate: () => Promise.resolve(),
  };
}
