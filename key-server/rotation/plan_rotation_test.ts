import assert from "node:assert/strict";
import { Authority } from "../../certs/authority.ts";
import { createLogger } from "../../shared/log.ts";
import type { AcmeIssuer } from "../issuance/acme/acme_issuer.ts";
import { TokenKeys } from "../issuance/token_keys.ts";
import type { CertificateEntity } from "../registry/entities/certificate.ts";
import type { KeyEntity } from "../registry/entities/key.ts";
import { certifiedKey, openRegistry, put } from "../registry/testing/entities.ts";
import { planRotation, type RotationPlan } from "./plan_rotation.ts";
import { rotationConfig, rotationSectionSchema } from "./rotation_config.ts";
import { RotationError, type RotationRequest } from "./rotations.ts";
import { systemClock } from "./clock.ts";
import type { RotationParts } from "./step.ts";
import { TestRollout } from "./testing/test_rollout.ts";

const name = "www.holdfast.test";
const root = await Authority.createRoot("Root");

interface Served {
  readonly key: string;
  readonly algorithm: KeyEntity["algorithm"];
  readonly source?: CertificateEntity["source"];
  /** Whether edges have the certificate from a file. */
  readonly inFile?: boolean;
}

/** A name that is served with these keys, and what a request for it comes to. */
async function planner(served: readonly Served[], serverNames: readonly string[] = [name], withAcme = false) {
  const registry = openRegistry();
  const made = await Promise.all(served.map(async ({ key, algorithm, source = "development", inFile }) => {
    const certified = await certifiedKey(root, key, serverNames);
    return {
      key: { ...certified.key, algorithm },
      certificate: { ...certified.certificate, source },
      inFile,
    };
  }));
  put(
    registry,
    ...made.flatMap(({ key, certificate }) => [
      { kind: "key", put: key } as const,
      { kind: "certificate", put: certificate } as const,
    ]),
    {
      kind: "name",
      put: {
        name,
        serverNames: [...serverNames],
        bindings: made.map(({ key, certificate, inFile }) => ({
          key: key.name,
          ...(inFile ? {} : { certificate: certificate.id }),
          phase: "active" as const,
        })),
      },
    },
  );
  const parts: RotationParts = {
    registry,
    rollout: new TestRollout(registry, [], true),
    tokenKeys: new TokenKeys(() => []),
    acme: withAcme ? {} as AcmeIssuer : undefined,
    config: rotationConfig("/nowhere.toml", rotationSectionSchema.parse({})),
    externalRoots: () => [],
    isServed: () => true,
    keyProblem: () => undefined,
    lastUse: () => undefined,
    clock: systemClock,
    log: createLogger("test", "silent"),
  };
  return (request: Omit<RotationRequest, "name"> = {}): RotationPlan =>
    planRotation({ name, ...request }, parts);
}

const replaced = ({ replaces }: RotationPlan) => replaces.map(({ key }) => key);

Deno.test("a name's only key is replaced whatever the new one is, by the same issuer and kind unless told", async () => {
  const plan = await planner([{ key: "k1", algorithm: "ecdsa-p384", source: "external" }]);
  const { algorithm, issuer, destroys, drainTime } = plan();
  assert.deepEqual([algorithm, issuer, destroys, drainTime], ["ecdsa-p384", "csr", "generated", 60_000]);
  assert.deepEqual(replaced(plan({ algorithm: "rsa-2048" })), ["k1"]);
  assert.equal(plan({ issuer: "development" }).issuer, "development");
  assert.equal(plan({ destroys: true }).destroys, "all");
  assert.equal(plan({ destroys: false, drainTime: 0 }).destroys, "none");
  assert.equal(plan({ drainTime: 0 }).drainTime, 0);
});

Deno.test("of several keys those of the new one's kind leave, so that clients of the other kind keep theirs", async () => {
  const plan = await planner([
    { key: "ec", algorithm: "ecdsa-p256" },
    { key: "rsa", algorithm: "rsa-2048" },
  ]);
  assert.throws(() => plan(), /has 2 keys \(ec, rsa\); say to what, or which/);
  assert.deepEqual(replaced(plan({ algorithm: "ecdsa-p384" })), ["ec"]);
  assert.deepEqual(replaced(plan({ algorithm: "rsa-4096" })), ["rsa"]);
  assert.deepEqual(replaced(plan({ algorithm: "rsa-4096", replaces: ["rsa", "ec"] })), ["rsa", "ec"]);
  assert.equal(plan({ replaces: ["rsa"] }).algorithm, "rsa-2048");
});

Deno.test("a name may get its first key, or one more, without any that leaves", async () => {
  const first = await planner([]);
  assert.throws(() => first({ issuer: "csr" }), /say what kind its first one is to be/);
  assert.throws(() => first({ algorithm: "rsa-2048" }), /say acme, csr or development/);
  assert.deepEqual(first({ algorithm: "rsa-2048", issuer: "csr" }).replaces, []);
  const more = await planner([{ key: "ec", algorithm: "ecdsa-p256" }]);
  assert.deepEqual(more({ algorithm: "rsa-2048", issuer: "csr", replaces: [] }).replaces, []);
});

Deno.test("what would fail for certain is refused before anything is made", async () => {
  const ofFile = await planner([{ key: "k1", algorithm: "ecdsa-p256", inFile: true }]);
  assert.throws(() => ofFile({ issuer: "csr" }), /from a file of their own/);
  const strange = await planner([{ key: "k1", algorithm: "rsa-2500" }]);
  assert.throws(() => strange(), /a key like k1 cannot be made/);
  const imported = await planner([{ key: "k1", algorithm: "ecdsa-p256", source: "imported" }]);
  assert.throws(() => imported(), RotationError);
  const wildcard = await planner([{ key: "k1", algorithm: "ecdsa-p256" }], ["*.holdfast.test"], true);
  assert.throws(() => wildcard({ issuer: "acme" }), /\*\.holdfast\.test cannot be proved to an ACME CA/);
  const nameless = await planner([], [""]);
  assert.throws(() => nameless({ algorithm: "rsa-2048", issuer: "csr" }), /no host names to certify/);
});
