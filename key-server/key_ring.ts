import { readSecretInto } from "../shared/config/secret_source.ts";
import type { Logger } from "../shared/log.ts";
import type { LockedPool } from "../shared/memory/locked_pool.ts";
import type { KeyServerConfig, TokenConfig } from "./config.ts";
import { isInToken } from "./config_rules.ts";
import type { KeyEntity } from "./registry/entities/key.ts";
import type { Registry, RegistryState } from "./registry/registry.ts";
import { type KeyCopy, KeyUnusableError, loadKeyCopy, releaseKeyCopy, type WantedKey } from "./key_copy.ts";
import { ServedKey } from "./served_key.ts";
import { TokenError } from "./token/errors.ts";
import { Pkcs11Module } from "./token/module.ts";
import { Token } from "./token/token.ts";
import { keyUri, parsePkcs11Uri, type Pkcs11Uri } from "./token/uri.ts";

/** One active key of the registry, and how far it has come. */
interface Place {
  readonly entity: KeyEntity;
  served: ServedKey | undefined;
  /** URIs of the copies that are loaded. */
  readonly loaded: Set<string>;
  /** Why a copy could not be loaded the last time, by its URI. */
  readonly problems: Map<string, string>;
}

function urisOf({ uri, copies = [] }: KeyEntity): string[] {
  return [uri, ...copies];
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
  readonly #spare = new Map<string, KeyCopy>();
  #watching: Disposable | undefined;
  /** The last of the loads that wait for each other, by their token: one that hangs holds up its own alone. */
  readonly #loading = new Map<TokenConfig, Promise<void>>();
  /** Told when a token failed, so that it is looked after. */
  onTokenFailure: () => void = () => {};
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
      await ring.#openTokens(config);
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
    const words = ({ problems }: Place) => [...problems.values()][0] ?? "it is being loaded";
    return new Map(lacking.map((place) => [place.entity.name, words(place)]));
  }

  /** Why a copy of a key that answers by another one could not be loaded, by the key's name. */
  get copyProblems(): ReadonlyMap<string, string> {
    const lacking = [...this.#places.values()].filter(({ served, problems }) =>
      served !== undefined && problems.size > 0
    );
    return new Map(lacking.map(({ entity, problems }) => [entity.name, [...problems.values()].join("; ")]));
  }

  /** Loads a key that the registry is going to speak of. Throws TokenError or KeyUnusableError. */
  async prepare(wanted: WantedKey): Promise<KeyCopy> {
    const copy = await this.#load(wanted);
    this.#spare.set(keyUri(wanted.uri), copy);
    return copy;
  }

  /** Serves what the registry has as active, from now on and after each change. Resolves when what it has now was tried. */
  async follow(registry: Registry): Promise<void> {
    this.#watching = registry.watch(({ changes }, state) => {
      if (changes.some(({ kind }) => kind === "key")) this.#take(state);
    });
    this.#take(registry.state);
    await this.#loaded();
    for (const spare of this.#spare.values()) releaseKeyCopy(spare);
    this.#spare.clear();
  }

  /** Resolves when every copy of a key that could not be loaded from a token that answers was tried once more. */
  async retry(): Promise<void> {
    this.#loadMissing();
    await this.#loaded();
  }

  /** Waits for what the tokens have begun. C_Finalize is called even where closing failed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#watching?.[Symbol.dispose]();
    await this.#loaded();
    try {
      await Promise.all(this.tokens.map((token) => token.close()));
    } finally {
      for (const key of this.#served.values()) key.release();
      for (const spare of this.#spare.values()) releaseKeyCopy(spare);
      this.#served.clear();
      for (const module of this.#modules.values()) await module[Symbol.asyncDispose]();
    }
  }

  /** A token that is away keeps no other from serving: it is opened when it comes. Throws when all are away. */
  async #openTokens({ file, tokens }: Pick<KeyServerConfig, "file" | "tokens">): Promise<void> {
    const failures: unknown[] = [];
    for (const config of tokens) {
      const token = await this.#makeToken(file, config);
      try {
        await token.reopen();
      } catch (error) {
        failures.push(error);
        const reason = error instanceof Error ? error.message : "unknown failure";
        this.#log.error({ event: "token-away", token: token.name, reason }, "the token cannot be opened");
      }
    }
    if (failures.length > 0 && failures.length === tokens.length) throw failures[0];
  }

  async #makeToken(configFile: string, config: TokenConfig): Promise<Token> {
    const { pin, uri, sessions, patience } = config;
    const path = uri.modulePath ?? "";
    let module = this.#modules.get(path);
    if (module === undefined) this.#modules.set(path, module = await Pkcs11Module.load(path));
    // Read at each login and not before, into locked memory: the PIN is nowhere in between.
    const readPin = pin === undefined ? undefined : () => readSecretInto(this.#memory, pin, configFile);
    const token = new Token(module, { uri, sessions, readPin, patience });
    this.#tokens.set(config, token);
    return token;
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
        this.#places.set(entity.name, { entity, served: undefined, loaded: new Set(), problems: new Map() });
      }
    }
    this.#loadMissing();
  }

  #drop(served: ServedKey): void {
    this.#served.delete(served.publicKey.subjectKeyIdentifier.toHex());
    served.release();
    this.#log.info({ event: "key-dropped", key: served.name }, "the key answers nothing new");
  }

  async #loaded(): Promise<void> {
    await Promise.all(this.#loading.values());
  }

  /** One after the other: a token tests one key at a time, and signs for edges meanwhile. */
  #loadMissing(): void {
    for (const place of this.#places.values()) {
      for (const uri of urisOf(place.entity)) {
        if (place.loaded.has(uri)) continue;
        const [config, token] = this.#tokenOf(parsePkcs11Uri(uri)) ?? [];
        // Nobody waits behind a token that hangs for ever.
        if (config === undefined || token?.hangs === true) {
          this.#tellProblem(
            place,
            uri,
            config === undefined ? "its token is not configured" : "its token does not answer",
          );
          continue;
        }
        const before = this.#loading.get(config) ?? Promise.resolve();
        this.#loading.set(config, before.then(() => this.#fill(place, uri)));
      }
    }
  }

  async #fill(place: Place, uri: string): Promise<void> {
    const { name, purposes, subjectKeyIdentifier } = place.entity;
    const isWanted = () => !this.#closed && this.#places.get(name) === place;
    if (!isWanted() || place.loaded.has(uri)) return;
    try {
      const spare = this.#spare.get(uri);
      this.#spare.delete(uri);
      const copy = spare ?? await this.#load({ name, uri: parsePkcs11Uri(uri), purposes });
      if (!isWanted()) return releaseKeyCopy(copy);
      this.#expect(name, copy, subjectKeyIdentifier);
      this.#serve(place, copy);
      place.loaded.add(uri);
      place.problems.delete(uri);
    } catch (error) {
      this.#tellProblem(place, uri, error instanceof Error ? error.message : "unknown failure");
    }
  }

  #serve(place: Place, copy: KeyCopy): void {
    if (place.served !== undefined) return place.served.add(copy);
    const { name, purposes, subjectKeyIdentifier } = place.entity;
    place.served = new ServedKey(name, purposes, copy, () => this.onTokenFailure());
    this.#served.set(subjectKeyIdentifier, place.served);
  }

  #tellProblem({ entity, served, problems }: Place, uri: string, problem: string): void {
    if (problems.get(uri) === problem) return;
    problems.set(uri, problem);
    const outcome = served === undefined ? "the key answers nothing" : "the key answers from another token";
    this.#log.error({ event: "key-not-loaded", key: entity.name, uri, reason: problem }, outcome);
  }

  #expect(name: string, copy: KeyCopy, subjectKeyIdentifier: string): void {
    if (copy.tokenKey.publicKey.subjectKeyIdentifier.toHex() === subjectKeyIdentifier) return;
    releaseKeyCopy(copy);
    throw new KeyUnusableError(name, "is another one in the token than in the registry");
  }

  #tokenOf(uri: Pkcs11Uri): [TokenConfig, Token] | undefined {
    return [...this.#tokens].find(([config]) => isInToken(uri, config.uri));
  }

  async #load(wanted: WantedKey): Promise<KeyCopy> {
    const [, token] = this.#tokenOf(wanted.uri) ?? [];
    if (token === undefined) {
      throw new TokenError(`Cannot load the key ${wanted.name}: its token is not configured`);
    }
    return await loadKeyCopy(token, wanted, this.#memory, this.#log);
  }
}
