import { randomBytes } from "node:crypto";
import { certificateRequest } from "../issuance/certificate_request.ts";
import { checkChain } from "../issuance/check_chain.ts";
import type { RotationEntity, RotationStep } from "../registry/entities/rotation.ts";
import type { Change } from "../registry/registry.ts";
import { decrypts } from "../issuance/purposes.ts";
import { certifiedNames, newKeyOf } from "./arriving_and_leaving.ts";
import { planRotation } from "./plan_rotation.ts";
import type { RotationEngine } from "./rotation_engine.ts";
import { RotationError, type RotationRequest, type Rotations } from "./rotations.ts";
import type { RotationFields, RotationParts } from "./step.ts";
import { putCertificate } from "./steps/certified.ts";

/** Before any client has seen the new certificate. */
const abortable: ReadonlySet<RotationStep> = new Set([
  "generate-key",
  "request-certificate",
  "await-certificate",
  "stage",
  "await-staged",
  "switch",
]);

/** While the old keys are in their token. */
const reversible: ReadonlySet<RotationStep> = new Set([
  "await-switched",
  "drain",
  "retire-key",
  "destroy-key",
]);

/** Rotations as the registry keeps them, taken on by the engine. */
export class RegistryRotations implements Rotations {
  readonly #parts: RotationParts;
  readonly #engine: Pick<RotationEngine, "redirected">;

  constructor(parts: RotationParts, engine: Pick<RotationEngine, "redirected">) {
    this.#parts = parts;
    this.#engine = engine;
  }

  start(request: RotationRequest, author: string): RotationEntity {
    const { registry, clock } = this.#parts;
    const plan = planRotation(request, this.#parts);
    const now = clock.now().toISOString();
    const rotation: RotationEntity = {
      id: randomBytes(8).toString("hex"),
      ...plan,
      step: "generate-key",
      ending: "done",
      startedAt: now,
      startedBy: author,
      stepSince: now,
    };
    registry.commit([{ kind: "rotation", put: rotation }], {
      author,
      reason: `rotate ${plan.name} to ${plan.algorithm}, certified by ${plan.issuer}`,
    });
    return rotation;
  }

  abort(id: string, author: string): void {
    const rotation = this.#get(id);
    if (rotation.ending !== "done" || !abortable.has(rotation.step)) {
      throw new RotationError(`it can be aborted before the switch only; it stands at ${rotation.step}`);
    }
    this.#redirect(rotation, "retire-key", { ending: "aborted" }, "abort", author);
  }

  rollback(id: string, author: string): void {
    const rotation = this.#get(id);
    if (rotation.ending !== "done" || !reversible.has(rotation.step)) {
      throw new RotationError(
        `it can be rolled back between the switch and its end; it stands at ${rotation.step}`,
      );
    }
    if (rotation.replaces.length === 0) {
      throw new RotationError("there was nothing before that could come back");
    }
    const { state } = this.#parts.registry;
    for (const { key } of rotation.replaces) {
      const { state: keyState } = state.get("key", key) ?? { state: "gone" };
      if (keyState !== "active" && keyState !== "retired") {
        throw new RotationError(`the key ${key} is ${keyState}`);
      }
    }
    this.#redirect(rotation, "stage", { ending: "rolled-back" }, "roll back", author);
  }

  async certificateRequest(id: string): Promise<string> {
    const { registry, tokenKeys } = this.#parts;
    const rotation = this.#awaiting(id);
    const key = newKeyOf(registry.state, rotation);
    const serverNames = certifiedNames(registry.state, rotation);
    return await certificateRequest(await tokenKeys.load(key.uri), serverNames, decrypts(key));
  }

  installCertificate(id: string, chainPem: string, author: string): void {
    const { clock, externalRoots, registry } = this.#parts;
    const rotation = this.#awaiting(id);
    const key = newKeyOf(registry.state, rotation);
    const certificate = checkChain(chainPem, {
      subjectKeyIdentifier: key.subjectKeyIdentifier,
      serverNames: certifiedNames(registry.state, rotation),
      decrypts: decrypts(key),
      at: clock.now(),
      source: "external",
      roots: externalRoots(),
    });
    const changes = putCertificate(registry.state, certificate);
    this.#redirect(
      rotation,
      "stage",
      { newCertificate: certificate.id },
      "install the certificate",
      author,
      changes,
    );
  }

  #get(id: string): RotationEntity {
    const rotation = this.#parts.registry.state.get("rotation", id);
    if (rotation === undefined) throw new RotationError(`there is no rotation ${id}`);
    return rotation;
  }

  #awaiting(id: string): RotationEntity {
    const rotation = this.#get(id);
    if (rotation.issuer !== "csr" || rotation.step !== "await-certificate") {
      throw new RotationError(`it does not wait for an external CA; it stands at ${rotation.step}`);
    }
    return rotation;
  }

  #redirect(
    rotation: RotationEntity,
    step: RotationStep,
    fields: RotationFields,
    what: string,
    author: string,
    changes: readonly Change[] = [],
  ): void {
    const { registry, clock } = this.#parts;
    const { problem: _, ...rest } = rotation;
    const put = { ...rest, ...fields, step, stepSince: clock.now().toISOString() };
    registry.commit([...changes, { kind: "rotation", put }], {
      author,
      reason: `rotate ${rotation.name}: ${what}`,
      expectedVersion: registry.state.version,
    });
    this.#engine.redirected(rotation.id);
  }
}
