import type { Logger } from "../../shared/log.ts";
import type { Rollout } from "../control/edge_rollout.ts";
import type { AcmeIssuer } from "../issuance/acme/acme_issuer.ts";
import type { TokenKeys } from "../issuance/token_keys.ts";
import type { RotationEntity, RotationStep } from "../registry/entities/rotation.ts";
import type { Change, Registry, RegistryState } from "../registry/registry.ts";
import type { Clock } from "./clock.ts";
import type { RotationConfig } from "./rotation_config.ts";

/** Everything that steps work with. */
export interface RotationParts {
  readonly registry: Registry;
  readonly rollout: Rollout;
  readonly tokenKeys: TokenKeys;
  /** Undefined: no CA is configured. */
  readonly acme: AcmeIssuer | undefined;
  readonly config: RotationConfig;
  /** Authorities that an external CA's chains have to lead to, DER; none: any. */
  readonly externalRoots: () => readonly Uint8Array[];
  /** Whether this key server answers for the key with that SKI (hexadecimal) by now. */
  readonly isServed: (subjectKeyIdentifier: string) => boolean;
  /** Why the key server does not answer for a key, by its name, as far as it knows. */
  readonly keyProblem: (name: string) => string | undefined;
  /** When an edge last used it; undefined: not since this key server started. */
  readonly lastUse: (subjectKeyIdentifier: string) => Date | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What a step's end changes in its rotation. */
export type RotationFields = Partial<Omit<RotationEntity, "id" | "name" | "step" | "stepSince">>;

/** What a step came to. */
export type StepOutcome =
  | {
    readonly type: "advance";
    readonly to: RotationStep;
    /** Made for the registry as it is at the commit, which may be another than the step began with. */
    readonly changes?: (state: RegistryState) => readonly Change[];
    readonly fields?: (state: RegistryState) => RotationFields;
  }
  | {
    /** Looked at again at each change of the registry and of the rollout, and at that instant. */
    readonly type: "wait";
    readonly until?: Date;
    /** What an operator should know of the wait. */
    readonly problem?: string;
  };

/**
 * One step. Whatever it does outside of the registry, it may have done before: a key server can be killed between the deed and
 * its record. What it throws is recorded as the rotation's problem, and it is run again later. `signal` says that nobody wants
 * its outcome any more.
 */
export type Step = (
  rotation: RotationEntity,
  parts: RotationParts,
  signal: AbortSignal,
) => Promise<StepOutcome> | StepOutcome;

/** The version that a commit on top of this state makes. */
export function nextVersion(state: RegistryState): number {
  return state.version + 1;
}
