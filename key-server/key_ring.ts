import { ConfigError, type ConfigProblem } from "../shared/config/errors.ts";
import { readSecretInto } from "../shared/config/secret_source.ts";
import type { OperationName } from "../shared/keyless_protocol/operations.ts";
import type { Logger } from "../shared/log.ts";
import type { LockedPool } from "../shared/memory/locked_pool.ts";
import { parseCertificate, type ParsedCertificate, pemToDer } from "../shared/libcrypto/x509.ts";
import { nameOf, SignatureScheme } from "../shared/tls_constants.ts";
import type { KeyConfig, KeyServerConfig, TokenConfig } from "./config.ts";
import { isInToken } from "./config_rules.ts";
import { TokenError } from "./token/errors.ts";
import { Pkcs11Module } from "./token/module.ts";
import { RsaDecryption } from "./token/rsa_decryption.ts";
import { Token } from "./token/token.ts";
import type { TokenKey } from "./token/token_key.ts";

/** A key that the server answers for. */
export interface ServedKey {
  readonly name: string;
  readonly purposes: ReadonlySet<OperationName>;
  readonly tokenKey: TokenKey;
  /** Of a key with the purpose rsa-key-exchange. */
  readonly decryption: RsaDecryption | undefined;
  /** Of its certificate; undefined where none is configured. */
  readonly certificateNames: readonly string[] | undefined;
}

/** The keys of all tokens, by SKI. Disposing closes the tokens and finalises their modules, whatever happens. */
export class KeyRing implements AsyncDisposable {
  readonly #modules = new Map<string, Pkcs11Module>();
  readonly #tokens = new Map<TokenConfig, Token>();
  readonly #keys = new Map<string, ServedKey>();

  private constructor() {}

  /**
   * Opens the tokens, finds the keys and proves what each can do. What keys decrypt goes into `memory`. Throws
   * TokenError or ConfigError.
   */
  static async open(config: KeyServerConfig, memory: LockedPool, log: Logger): Promise<KeyRing> {
    const ring = new KeyRing();
    try {
      for (const token of config.tokens) await ring.#openToken(config.file, token, memory);
      for (const [index, key] of config.keys.entries()) await ring.#loadKey(config, key, index, memory, log);
      return ring;
    } catch (error) {
      await ring[Symbol.asyncDispose]();
      throw error;
    }
  }

  get keys(): readonly ServedKey[] {
    return [...this.#keys.values()];
  }

  get tokens(): readonly Token[] {
    return [...this.#tokens.values()];
  }

  find(subjectKeyIdentifier: Uint8Array): ServedKey | undefined {
    return this.#keys.get(subjectKeyIdentifier.toHex());
  }

  /** Waits for what the tokens have begun. C_Finalize is called even where closing failed. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await Promise.all(this.tokens.map((token) => token.close()));
    } finally {
      for (const { decryption } of this.#keys.values()) decryption?.[Symbol.dispose]();
      this.#keys.clear();
      for (const module of this.#modules.values()) module[Symbol.dispose]();
    }
  }

  async #openToken(configFile: string, config: TokenConfig, memory: LockedPool): Promise<void> {
    const path = config.uri.modulePath ?? "";
    let module = this.#modules.get(path);
    if (module === undefined) this.#modules.set(path, module = Pkcs11Module.load(path));
    const { pin, uri, sessions } = config;
    // Read at each login and not before, into locked memory: the PIN is nowhere in between.
    const readPin = pin === undefined ? undefined : () => readSecretInto(memory, pin, configFile);
    this.#tokens.set(config, await Token.open(module, { uri, sessions, readPin }));
  }

  async #loadKey(
    config: KeyServerConfig,
    key: KeyConfig,
    index: number,
    memory: LockedPool,
    log: Logger,
  ): Promise<void> {
    const tokenConfig = config.tokens.find(({ uri }) => isInToken(key.uri, uri));
    const token = tokenConfig && this.#tokens.get(tokenConfig);
    if (token === undefined) {
      throw new TokenError(`Cannot load the key ${key.name}: its token is not configured`);
    }
    const place = `key[${index}]`;
    const tokenKey = await token.loadKey(key.uri).catch((error: unknown) => {
      throw keyNotLoaded(error, `${key.name} (${place} of ${config.file})`, token.name);
    });
    const problem = (text: string) => new ConfigError(config.file, [{ key: place, text } as ConfigProblem]);
    checkAttributes(key, tokenKey, problem, log);
    const identifier = tokenKey.publicKey.subjectKeyIdentifier.toHex();
    const same = this.#keys.get(identifier);
    if (same !== undefined) throw problem(`is the same key as ${same.name}; expected each key once`);
    const certificateNames = key.certificate && await readNames(key.certificate, identifier, problem);
    const purposes = new Set(key.purposes);
    const decrypts = purposes.has("rsa-key-exchange");
    this.#keys.set(identifier, {
      name: key.name,
      purposes,
      tokenKey,
      decryption: decrypts ? await RsaDecryption.open(tokenKey, memory) : undefined,
      certificateNames: certificateNames || undefined,
    });
    logKey(log, key.name, tokenKey, identifier);
  }
}

/** The token knows nothing of our file: says which key of it, and which token, its error is about. */
function keyNotLoaded(error: unknown, key: string, token: string): unknown {
  if (!(error instanceof TokenError)) return error;
  const reason = error.message.replace(/^Cannot/, "cannot");
  const message = `Cannot load the key ${key} from the token "${token}": ${reason}`;
  return new TokenError(message, error.returnValue, { cause: error });
}

/** Holds the token's word about the key against what it is configured for. */
function checkAttributes(
  key: KeyConfig,
  tokenKey: TokenKey,
  problem: (text: string) => Error,
  log: Logger,
): void {
  const { sign, decrypt } = tokenKey.attributes;
  const signs = key.purposes.some((purpose) => purpose !== "rsa-key-exchange");
  if (key.purposes.includes("rsa-key-exchange")) {
    if (tokenKey.publicKey.keyType !== "rsa") {
      throw problem("has the purpose rsa-key-exchange and is no RSA key");
    }
    if (decrypt === false) {
      throw problem("has the purpose rsa-key-exchange; the token's attribute CKA_DECRYPT is false");
    }
  }
  if (signs && sign === false) {
    throw problem("has purposes that sign; the token's attribute CKA_SIGN is false");
  }
  if (signs && tokenKey.signatureSchemes.length === 0) {
    const reasons = tokenKey.refused.map(({ method, reason }) => `${method}: ${reason}`).join("; ");
    throw problem(`cannot sign with any scheme (${reasons})`);
  }
  if (tokenKey.attributes.extractable === true || tokenKey.attributes.sensitive === false) {
    log.warn({ key: key.name, ...tokenKey.attributes }, "the key can be read out of its token");
  }
}

/** The DNS names of the certificate, which has to be the key's. */
async function readNames(
  path: string,
  identifier: string,
  problem: (text: string) => Error,
): Promise<readonly string[]> {
  let certificate: ParsedCertificate;
  try {
    const [leaf] = pemToDer(await Deno.readTextFile(path));
    certificate = parseCertificate(leaf ?? new Uint8Array(0));
  } catch {
    throw problem(`has a certificate file ${path} that cannot be read as PEM`);
  }
  if (certificate.subjectKeyIdentifier.toHex() !== identifier) {
    throw problem(`has a certificate of another key in ${path}`);
  }
  return certificate.dnsNames.map((name) => name.toLowerCase());
}

function logKey(log: Logger, name: string, key: TokenKey, identifier: string): void {
  const scheme = (number: number) => nameOf(SignatureScheme, number);
  log.info({
    event: "key-loaded",
    key: name,
    keyType: key.publicKey.keyType,
    keyBits: key.publicKey.keyBits,
    subjectKeyIdentifier: identifier,
    signatureSchemes: key.signatureSchemes.map(scheme),
    refused: key.refused.map((entry) => ({ ...entry, scheme: scheme(entry.scheme) })),
  }, "key loaded and tested");
}
