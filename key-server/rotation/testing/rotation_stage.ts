/** A registry, a real token, and an engine that can be killed at any of its transactions. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { createLogger } from "../../../shared/log.ts";
import { poll } from "../../../test/harness/poll.ts";
import type { AcmeIssuer } from "../../issuance/acme/acme_issuer.ts";
import { issueDevelopmentCertificate } from "../../issuance/development_authority.ts";
import { TokenKeys } from "../../issuance/token_keys.ts";
import type { KeyEntity } from "../../registry/entities/key.ts";
import type { RotationEntity, RotationStep } from "../../registry/entities/rotation.ts";
import type { Registry } from "../../registry/registry.ts";
import { isUnderWay } from "../../registry/rules/rotation_rules.ts";
import { SqliteRegistry } from "../../registry/sqlite_registry.ts";
import { listPrivateKeys, listPublicKeys } from "../../token/key_finder.ts";
import type { ScenarioContext } from "../../token/testing/token_process.ts";
import { RegistryRotations } from "../registry_rotations.ts";
import { rotationConfig, rotationSectionSchema } from "../rotation_config.ts";
import { RotationEngine } from "../rotation_engine.ts";
import type { RotationParts } from "../step.ts";
import { TestClock } from "./test_clock.ts";
import { TestRollout } from "./test_rollout.ts";

export const siteName = "www.holdfast.test";
const log = createLogger("test", "silent");

export interface StageOptions {
  readonly edges?: readonly string[];
  readonly prompt?: boolean;
  readonly acme?: (keys: TokenKeys, clock: TestClock) => AcmeIssuer;
  readonly serverNames?: readonly string[];
}

export class RotationStage implements AsyncDisposable {
  readonly clock = new TestClock();
  readonly tokenKeys: TokenKeys;
  readonly uses = new Map<string, Date>();
  registry!: SqliteRegistry;
  rollout!: TestRollout;
  engine: RotationEngine | undefined;
  rotations!: RegistryRotations;
  readonly acme: AcmeIssuer | undefined;
  /** Transactions of the engine until it is dead, as after a kill -9: what it does then, nobody writes down. */
  lives = Infinity;
  readonly #file: string;

  private constructor(readonly context: ScenarioContext, readonly options: StageOptions) {
    this.#file = join(context.folder, `registry-${crypto.randomUUID()}.sqlite`);
    this.tokenKeys = new TokenKeys(() => [context.token]);
    this.acme = options.acme?.(this.tokenKeys, this.clock);
  }

  /** A name with one key, generated in the token and certified by the development CA, and an engine. */
  static async create(context: ScenarioContext, options: StageOptions = {}): Promise<RotationStage> {
    const stage = new RotationStage(context, options);
    stage.openRegistry();
    const { uri, publicKey } = await stage.tokenKeys.generate(undefined, {
      label: `first-${crypto.randomUUID()}`,
      algorithm: "ecdsa-p256",
    });
    const at = stage.clock.now().toISOString();
    const key: KeyEntity = {
      name: "first",
      uri,
      subjectKeyIdentifier: publicKey.subjectKeyIdentifier.toHex(),
      algorithm: "ecdsa-p256",
      purposes: ["sign-tls13", "sign-tls12"],
      state: "active",
      origin: "generated",
      createdAt: at,
      stateSince: at,
    };
    const serverNames = [...options.serverNames ?? [siteName]];
    const certificate = await issueDevelopmentCertificate(
      { key, serverNames, decrypts: false, lifetime: 30 * 86_400_000 },
      stage,
    );
    stage.registry.commit([
      { kind: "key", put: key },
      { kind: "certificate", put: certificate },
      {
        kind: "name",
        put: {
          name: siteName,
          serverNames,
          bindings: [{ key: "first", certificate: certificate.id, phase: "active" }],
        },
      },
    ], { author: "test", reason: "a name" });
    stage.startEngine();
    return stage;
  }

  openRegistry(): void {
    this.registry = new SqliteRegistry({ path: this.#file, log });
    const { edges = ["spiffe://holdfast.test/edge/pop1"], prompt = true } = this.options;
    this.rollout = new TestRollout(this.registry, edges, prompt);
  }

  startEngine(): void {
    const parts: RotationParts = {
      registry: mortal(this.registry, this),
      rollout: this.rollout,
      tokenKeys: this.tokenKeys,
      acme: this.acme,
      config: rotationConfig("/nowhere.toml", rotationSectionSchema.parse({ drain_ms: 60_000 })),
      externalRoots: () => [],
      isServed: (identifier) =>
        this.registry.state.list("key").some(({ subjectKeyIdentifier, state }) =>
          subjectKeyIdentifier === identifier && state === "active"
        ),
      keyProblem: () => undefined,
      lastUse: (identifier) => this.uses.get(identifier),
      clock: this.clock,
      log,
    };
    this.engine = new RotationEngine(parts);
    this.rotations = new RegistryRotations({ ...parts, registry: this.registry }, this.engine);
  }

  /** As a process that was killed and started again: nothing but the file and the token is the same. */
  async restart(): Promise<void> {
    await this.engine?.[Symbol.asyncDispose]();
    this.registry[Symbol.dispose]();
    this.openRegistry();
    this.startEngine();
  }

  get rotation(): RotationEntity {
    const all = this.registry.state.list("rotation");
    const latest = all.find(isUnderWay) ?? all.toSorted((a, b) => a.startedAt < b.startedAt ? 1 : -1)[0];
    assert(latest !== undefined);
    return latest;
  }

  /** Until the rotation stands at the step; time passes meanwhile, so that drains and retries end. */
  async reaches(step: RotationStep, passing = 0): Promise<RotationEntity> {
    return await poll(`the step ${step}`, () => {
      if (this.rotation.step === step) return this.rotation;
      this.clock.pass(passing);
      return undefined;
    }).catch((error) => {
      throw new Error(`it stands at ${JSON.stringify(this.rotation)}`, { cause: error });
    });
  }

  /** Phase by key, as edges are told. */
  get phases(): Record<string, string> {
    const { bindings } = this.registry.state.get("name", siteName)!;
    return Object.fromEntries(bindings.map(({ key, phase }) => [key, phase]));
  }

  /** Objects in the token of a key entity: private and public ones. */
  async inToken(keyName: string): Promise<[number, number]> {
    const { token } = this.context;
    const label = /object=([^;]+)/.exec(this.registry.state.get("key", keyName)!.uri)![1]!;
    const selector = { object: decodeURIComponent(label) };
    const { calls, session } = token;
    return [
      (await listPrivateKeys(calls, session, selector)).length,
      (await listPublicKeys(calls, session, selector)).length,
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine?.[Symbol.asyncDispose]();
    this.registry[Symbol.dispose]();
  }
}

/** A registry that the engine loses when its lives are used up: just before a transaction, when the deed is done. */
function mortal(registry: Registry, stage: RotationStage): Registry {
  return new Proxy(registry, {
    get(target, property) {
      if (property === "commit") {
        return (...args: Parameters<Registry["commit"]>) => {
          if (stage.lives-- <= 0) throw new Error("killed");
          return target.commit(...args);
        };
      }
      const value = Reflect.get(target, property);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
