import { readSecretInto } from "../shared/config/secret_source.ts";
import type { Logger } from "../shared/log.ts";
import type { LockedPool } from "../shared/memory/locked_pool.ts";
import type { KeyServerConfig, TokenConfig } from "./config.ts";
import { isInToken } from "./config_rules.ts";
import type { KeyEntity } from "./registry/entities/key.ts";
import type { Registry, RegistryState } from "./registry/registry.ts";
import {
  KeyUnusableError,
  loadServedKey,
  releaseServedKey,
  type ServedKey,
  type WantedKey,
} from "./served_key.ts";
import { TokenError } from "./token/errors.ts";
import { Pkcs11Module } from "./token/module.ts";
import { Token } from "./token/token.ts";
import { parsePkcs11Uri } from "./token/uri.ts";

/** One active key of the registry, and how far it has come. */
interface Place {
  readonly entity: KeyEntity;
  served: ServedKey | undefined;
  /** Why it could not be loaded the last time. */
  problem: string | undefined;
}

/**
 * The keys of all tokens, by SKI: those that the registry has as active. They are tested before they answer, beside what
 * goes on; one that is active no more answers nothing new from that moment on, and finishes what it has begun.
 *
 * Disposing closes the tokens and finalises their modules, whatever happens.
 */
export class KeyRing implements AsyncDisposable {
  readonly #memory: LockedPool;
  readonly #log: Logger;
  readonly #modules = new Map<string, Pkcs11Module>();
  readonly #tokens = new Map<TokenConfig, Token>();
  /** By the key's name. */
  readonly #places = new Map<string, Place>();
  #served = new Map<string, ServedKey>();
  /** Loaded for the import, before the registry spoke of them. */
  readonly #spare = new Map<string, ServedKey>();
  #watching: Disposable | undefined;
  #loading: Promise<void> = Promise.resolve();
  #closed = false;

  private constructor(memory: LockedPool, log: Logger) {
    this.#memory = memory;
    this.#log = log;
  }

  /** Opens the tokens. What keys decrypt goes into `memory`. Throws TokenError or ConfigError. */
  static async open(
    config: Pick<KeyServerConfig, "file" | "tokens">,
    memory: LockedPool,
    log: Logger,
  ): Promise<KeyRing> {
    const ring = new KeyRing(memory, log);
    try {
      for (const token of config.tokens) await ring.#openToken(config.file, token);
      return ring;
    } catch (error) {
      await ring[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Those that answer. */
  get keys(): readonly ServedKey[] {
    return [...this.#served.values()];
  }

  get tokens(): readonly Token[] {
    return [...this.#tokens.values()];
  }

  find(subjectKeyIdentifier: Uint8Array): ServedKey | undefined {
    return this.#served.get(subjectKeyIdentifier.toHex());
  }

  /** Why an active key of the registry does not answer, by its name. */
  get problems(): ReadonlyMap<string, string> {
    const lacking = [...this.#places.values()].filter(({ served }) => served === undefined);
    return new Map(lacking.map(({ entity, problem }) => [entity.name, problem ?? "it is being loaded"]));
  }

  /** Loads a key that the registry is going to speak of. Throws TokenError or KeyUnusableError. */
  async prepare(wanted: WantedKey): Promise<ServedKey> {
    const served = await this.#load(wanted);
    this.#spare.set(wanted.name, served);
    return served;
  }

  /** Serves what the registry has as active, from now on and after each change. Resolves when what it has now was tried. */
  async follow(registry: Registry): Promise<void> {
    this.#watching = registry.watch(({ changes }, state) => {
      if (changes.some(({ kind }) => kind === "key")) this.#take(state);
    });
    this.#take(registry.state);
    await this.#loading;
    for (const spare of this.#spare.values()) releaseServedKey(spare);
    this.#spare.clear();
  }

  /** Resolves when every key that could not be loaded was tried once more. */
  async retry(): Promise<void> {
    this.#loadMissing();
    await this.#loading;
  }

  /** Waits for what the tokens have begun. C_Finalize is called even where closing failed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#watching?.[Symbol.dispose]();
    await this.#loading;
    try {
      await Promise.all(this.tokens.map((token) => token.close()));
    } finally {
      for (const key of [...this.#served.values(), ...this.#spare.values()]) releaseServedKey(key);
      this.#served.clear();
      for (const module of this.#modules.values()) await module[Symbol.asyncDispose]();
    }
  }

  async #openToken(configFile: string, config: TokenConfig): Promise<void> {
    const path = config.uri.modulePath ?? "";
    let module = this.#modules.get(path);
    if (module === undefined) this.#modules.set(path, module = await Pkcs11Module.load(path));
    const { pin, uri, sessions } = config;
    // Read at each login and not before, into locked memory: the PIN is nowhere in between.
    const readPin = pin === undefined ? undefined : () => readSecretInto(this.#memory, pin, configFile);
    this.#tokens.set(config, await Token.open(module, { uri, sessions, readPin }));
  }

  /** What is active no more, or has another purpose, stops at once; what is new is loaded after. */
  #take(state: RegistryState): void {
    const active = new Map(
      state.list("key").filter(({ state }) => state === "active").map((key) => [key.name, key]),
    );
    for (const [name, place] of this.#places) {
      if (active.get(name) === place.entity) continue;
      this.#places.delete(name);
      if (place.served !== undefined) this.#drop(place.served);
    }
    for (const entity of active.values()) {
      if (!this.#places.has(entity.name)) {
        this.#places.set(entity.name, { entity, served: undefined, problem: undefined });
      }
    }
    this.#loadMissing();
  }

  #drop(served: ServedKey): void {
    this.#served.delete(served.tokenKey.publicKey.subjectKeyIdentifier.toHex());
    releaseServedKey(served);
    this.#log.info({ event: "key-dropped", key: served.name }, "the key answers nothing new");
  }

  /** One after the other: a token tests one key at a time, and signs for edges meanwhile. */
  #loadMissing(): void {
    for (const place of this.#places.values()) {
      if (place.served === undefined) this.#loading = this.#loading.then(() => this.#fill(place));
    }
  }

  async #fill(place: Place): Promise<void> {
    const isWanted = () => !this.#closed && this.#places.get(place.entity.name) === place;
    if (!isWanted() || place.served !== undefined) return;
    const { name, uri, purposes, subjectKeyIdentifier } = place.entity;
    try {
      const spare = this.#spare.get(name);
      this.#spare.delete(name);
      const served = spare ?? await this.#load({ name, uri: parsePkcs11Uri(uri), purposes });
      if (!isWanted()) return releaseServedKey(served);
      this.#expect(served, subjectKeyIdentifier);
      place.served = served;
      place.problem = undefined;
      this.#served.set(subjectKeyIdentifier, served);
    } catch (error) {
      const problem = error instanceof Error ? error.message : "unknown failure";
      if (problem !== place.problem) {
        this.#log.error({ event: "key-not-loaded", key: name, reason: problem }, "the key answers nothing");
      }
      place.problem = problem;
    }
  }

  #expect(served: ServedKey, subjectKeyIdentifier: string): void {
    if (served.tokenKey.publicKey.subjectKeyIdentifier.toHex() === subjectKeyIdentifier) return;
    releaseServedKey(served);
    throw new KeyUnusableError(served.name, "is another one in the token than in the registry");
  }

  async #load(wanted: WantedKey): Promise<ServedKey> {
    const [, token] = [...this.#tokens].find(([config]) => isInToken(wanted.uri, config.uri)) ?? [];
    if (token === undefined) {
      throw new TokenError(`Cannot load the key ${wanted.name}: its token is not configured`);
    }
    return await loadServedKey(token, wanted, this.#memory, this.#log);
  }
}
