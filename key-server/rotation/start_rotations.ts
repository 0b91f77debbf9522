import { HoldfastError } from "../../shared/errors.ts";
import { pemToDer } from "../../shared/libcrypto/x509.ts";
import type { Logger } from "../../shared/log.ts";
import type { Rollout } from "../control/edge_rollout.ts";
import type { AcmeConfig } from "../issuance/acme/acme_config.ts";
import type { KeyManagement } from "../issuance/key_management.ts";
import { RegistryKeys } from "../issuance/registry_keys.ts";
import { TokenKeys } from "../issuance/token_keys.ts";
import type { Registry } from "../registry/registry.ts";
import type { Token } from "../token/token.ts";
import { type Clock, systemClock } from "./clock.ts";
import { RegistryRotations } from "./registry_rotations.ts";
import { RenewalSchedule } from "./renewal_schedule.ts";
import type { RotationConfig } from "./rotation_config.ts";
import { RotationEngine } from "./rotation_engine.ts";
import type { Rotations } from "./rotations.ts";
import type { RotationParts } from "./step.ts";

/** What rotations need of a key server. */
export interface RotationDependencies {
  readonly registry: Registry;
  readonly rollout: Rollout;
  readonly rotation: RotationConfig;
  readonly acme: AcmeConfig | undefined;
  /** Those that are open; asked each time. */
  readonly tokens: () => readonly Token[];
  /** Whether the key with that SKI (hexadecimal) is open and answers. */
  readonly isServed: (subjectKeyIdentifier: string) => boolean;
  /** Why it is not, by the key's name. */
  readonly keyProblem?: (name: string) => string | undefined;
  /** When an edge last used it; undefined: not since the start. */
  readonly lastUse: (subjectKeyIdentifier: string) => Date | undefined;
  readonly log: Logger;
  readonly clock?: Clock;
}

/** Rotations, and what administrators do with keys and certificates. Dispose it before the tokens. */
export interface RotationServices extends AsyncDisposable {
  readonly rotations: Rotations;
  readonly keyManagement: KeyManagement;
}

/** A file of `[rotation]` or `[acme]` that cannot be used. Code `rotation-config`. */
export class RotationConfigError extends HoldfastError {
  constructor(path: string, cause: unknown) {
    super("rotation-config", `Cannot use ${path}: it is no file of certificates in PEM`, { cause });
  }
}

/** Goes on with what was under way, and renews by schedule. Throws RotationConfigError. */
export async function startRotations(dependencies: RotationDependencies): Promise<RotationServices> {
  const { acme: acmeConfig, clock = systemClock, rotation: config, tokens, registry, log } = dependencies;
  const externalRoots = config.externalRoots === undefined ? [] : await readRoots(config.externalRoots);
  const tokenKeys = new TokenKeys(tokens);
  // What speaks to CAs is a good part of the start's time and memory: only for those who have one.
  const acme = acmeConfig && new (await import("../issuance/acme/acme_issuer.ts")).AcmeIssuer(
    acmeConfig,
    tokenKeys,
    clock,
  );
  if (acmeConfig?.ca !== undefined) await readRoots(acmeConfig.ca);
  const parts: RotationParts = {
    ...dependencies,
    tokenKeys,
    acme,
    config,
    clock,
    externalRoots: () => externalRoots,
    keyProblem: (name) => dependencies.keyProblem?.(name),
  };
  const engine = new RotationEngine(parts);
  const rotations = new RegistryRotations(parts, engine);
  const schedule = new RenewalSchedule({ registry, rotations, config, acme, clock, log });
  return {
    rotations,
    keyManagement: new RegistryKeys(parts),
    async [Symbol.asyncDispose]() {
      await schedule[Symbol.asyncDispose]();
      await engine[Symbol.asyncDispose]();
    },
  };
}

async function readRoots(path: string): Promise<readonly Uint8Array[]> {
  try {
    const roots = pemToDer(await Deno.readTextFile(path));
    if (roots.length > 0) return roots;
  } catch (error) {
    throw new RotationConfigError(path, error);
  }
  throw new RotationConfigError(path, undefined);
}
