import { parseCertificate, pemToDer } from "../../shared/libcrypto/x509.ts";
import { decrypts as decryptsFor } from "./purposes.ts";
import type { AuthorityEntity } from "../registry/entities/authority.ts";
import type { CertificateEntity } from "../registry/entities/certificate.ts";
import type { KeyEntity } from "../registry/entities/key.ts";
import type { NameEntity } from "../registry/entities/name.ts";
import type { Registry } from "../registry/registry.ts";
import type { Clock } from "../rotation/clock.ts";
import type { PublicKey } from "../token/public_key.ts";
import { certificateRequest } from "./certificate_request.ts";
import { checkChain } from "./check_chain.ts";
import { createAuthority } from "./create_authority.ts";
import { IssuanceError } from "./errors.ts";
import type {
  CreateAuthorityRequest,
  GenerateKeyRequest,
  KeyManagement,
  ReferenceKeyRequest,
} from "./key_management.ts";
import { inToken, type TokenKeys } from "./token_keys.ts";

export interface RegistryKeysParts {
  readonly registry: Registry;
  readonly tokenKeys: TokenKeys;
  readonly clock: Clock;
  /** Authorities that chains have to lead to, DER; none: any. */
  readonly externalRoots: () => readonly Uint8Array[];
}

const conflict = { code: "conflict" } as const;

/** Keys and certificates as the registry has them, and the tokens with them. */
export class RegistryKeys implements KeyManagement {
  readonly #parts: RegistryKeysParts;

  constructor(parts: RegistryKeysParts) {
    this.#parts = parts;
  }

  async generate(
    { name, algorithm, purposes, token }: GenerateKeyRequest,
    author: string,
  ): Promise<KeyEntity> {
    this.#refuseTaken(name);
    const decrypts = decryptsFor({ purposes });
    if (decrypts && !algorithm.startsWith("rsa-")) {
      throw new IssuanceError("generate a key", "rsa-key-exchange needs an RSA key");
    }
    const { uri, publicKey } = await this.#parts.tokenKeys.generate(inToken(token), {
      label: name,
      algorithm,
      decrypts,
    });
    const key = this.#entity({ name, uri, purposes }, publicKey, "generated");
    try {
      this.#commit([{ kind: "key", put: key }], author, `generate the key ${name}`);
    } catch (error) {
      await this.#parts.tokenKeys.destroy(key);
      throw error;
    }
    return key;
  }

  async reference({ name, uri, purposes }: ReferenceKeyRequest, author: string): Promise<KeyEntity> {
    this.#refuseTaken(name);
    const { publicKey } = await this.#parts.tokenKeys.load(uri);
    const key = this.#entity({ name, uri, purposes }, publicKey, "referenced");
    this.#refuseAuthoritys(key);
    this.#commit([{ kind: "key", put: key }], author, `take the key ${name} from its token`);
    return key;
  }

  /** What signs certificates signs no handshakes, and is not destroyed with a key. */
  #refuseAuthoritys({ name, subjectKeyIdentifier }: KeyEntity): void {
    for (const { name: authority, chain: [own] } of this.#parts.registry.state.list("authority")) {
      const identifier = parseCertificate(Uint8Array.fromBase64(own!)).subjectKeyIdentifier.toHex();
      if (identifier !== subjectKeyIdentifier) continue;
      throw new IssuanceError(
        "enter the key",
        `${name} would be the key of the authority ${authority}`,
        conflict,
      );
    }
  }

  retire(name: string, author: string): KeyEntity {
    const key = this.#key(name);
    if (key.state === "retired") return key;
    if (key.state === "destroyed") {
      throw new IssuanceError("retire the key", `${name} was destroyed`, conflict);
    }
    this.#refuseBound("retire the key", name);
    return this.#putState(key, "retired", author, "retire");
  }

  async destroy(name: string, author: string): Promise<KeyEntity> {
    const key = this.#key(name);
    if (key.state === "active") {
      throw new IssuanceError("destroy the key", `${name} is active; retire it first`, conflict);
    }
    this.#refuseBound("destroy the key", name);
    // Recorded before: a crash in between leaves a key that can be destroyed once more, and none that is gone unknown.
    const destroyed = this.#putState(key, "destroyed", author, "destroy");
    await this.#parts.tokenKeys.destroy(destroyed);
    return destroyed;
  }

  async certificateRequest(keyName: string, serverNames: readonly string[]): Promise<string> {
    const key = this.#key(keyName);
    if (key.state === "destroyed") {
      throw new IssuanceError("request a certificate", `${keyName} was destroyed`);
    }
    const tokenKey = await this.#parts.tokenKeys.load(key.uri);
    return await certificateRequest(tokenKey, serverNames, decryptsFor(key));
  }

  checkCertificate(name: string, chainPem: string): CertificateEntity {
    return this.#check(this.#name(name), chainPem).certificate;
  }

  installCertificate(name: string, chainPem: string, author: string): CertificateEntity {
    const { registry } = this.#parts;
    const entity = this.#name(name);
    const { key, certificate } = this.#check(entity, chainPem);
    const isNew = registry.state.get("certificate", certificate.id) === undefined;
    const binding = { key: key.name, certificate: certificate.id, phase: "active" as const };
    const place = entity.bindings.findIndex((candidate) => candidate.key === key.name);
    if (place >= 0 && entity.bindings[place]!.phase !== "active") {
      throw new IssuanceError(
        "install the certificate",
        `a rotation of ${name} is at work on the key ${key.name}`,
      );
    }
    const bindings = place < 0 ? [...entity.bindings, binding] : entity.bindings.with(place, binding);
    this.#commit(
      [
        ...isNew ? [{ kind: "certificate", put: certificate } as const] : [],
        { kind: "name", put: { ...entity, bindings } },
      ],
      author,
      `install a certificate for ${name}`,
    );
    return certificate;
  }

  async createAuthority(request: CreateAuthorityRequest, author: string): Promise<AuthorityEntity> {
    const { token, ...rest } = request;
    return await createAuthority({ ...rest, place: inToken(token) }, author, this.#parts);
  }

  #check(name: NameEntity, chainPem: string): { key: KeyEntity; certificate: CertificateEntity } {
    const { registry, clock, externalRoots } = this.#parts;
    const leaf = leafOf(chainPem);
    const subjectKeyIdentifier = leaf.subjectKeyIdentifier.toHex();
    const key = registry.state.list("key").find((candidate) =>
      candidate.subjectKeyIdentifier === subjectKeyIdentifier && candidate.state === "active"
    );
    if (key === undefined) {
      throw new IssuanceError(
        "take the certificate",
        `it is for a key that is not here (${subjectKeyIdentifier})`,
      );
    }
    const certificate = checkChain(chainPem, {
      subjectKeyIdentifier,
      serverNames: name.serverNames ?? leaf.dnsNames.map((dnsName) => dnsName.toLowerCase()),
      decrypts: decryptsFor(key),
      at: clock.now(),
      source: "external",
      roots: externalRoots(),
    });
    return { key, certificate };
  }

  #entity(
    request: ReferenceKeyRequest,
    { keyType, keyBits, subjectKeyIdentifier }: PublicKey,
    origin: KeyEntity["origin"],
  ): KeyEntity {
    const at = this.#parts.clock.now().toISOString();
    const algorithm = keyType === "rsa" ? `rsa-${keyBits}` : keyType;
    return {
      ...request,
      purposes: [...request.purposes],
      subjectKeyIdentifier: subjectKeyIdentifier.toHex(),
      algorithm: algorithm as KeyEntity["algorithm"],
      state: "active",
      origin,
      createdAt: at,
      stateSince: at,
    };
  }

  #putState(key: KeyEntity, state: KeyEntity["state"], author: string, verb: string): KeyEntity {
    const put = { ...key, state, stateSince: this.#parts.clock.now().toISOString() };
    if (key.state !== state) this.#commit([{ kind: "key", put }], author, `${verb} the key ${key.name}`);
    return put;
  }

  #key(name: string): KeyEntity {
    const key = this.#parts.registry.state.get("key", name);
    if (key === undefined) throw new IssuanceError("use the key", `there is no key ${name}`);
    return key;
  }

  #name(name: string): NameEntity {
    const entity = this.#parts.registry.state.get("name", name);
    if (entity === undefined) throw new IssuanceError("use the name", `there is no name ${name}`);
    return entity;
  }

  #refuseTaken(name: string): void {
    if (this.#parts.registry.state.get("key", name) === undefined) return;
    throw new IssuanceError("enter the key", `there is a key ${name} already`, conflict);
  }

  #refuseBound(intent: string, key: string): void {
    const name = this.#parts.registry.state.list("name").find(({ bindings }) =>
      bindings.some((binding) => binding.key === key)
    );
    if (name !== undefined) throw new IssuanceError(intent, `${name.name} is served with it`, conflict);
  }

  #commit(changes: Parameters<Registry["commit"]>[0], author: string, reason: string): void {
    this.#parts.registry.commit(changes, { author, reason });
  }
}

function leafOf(chainPem: string) {
  try {
    const [leaf] = pemToDer(chainPem);
    return parseCertificate(leaf ?? new Uint8Array(0));
  } catch (cause) {
    throw new IssuanceError("take the certificate", "there is no certificate in PEM that can be read", {
      cause,
    });
  }
}
