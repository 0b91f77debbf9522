import type { AuthorityEntity } from "../registry/entities/authority.ts";
import type { CertificateEntity } from "../registry/entities/certificate.ts";
import type { KeyEntity } from "../registry/entities/key.ts";
import type { KeyAlgorithm } from "../token/key_templates.ts";

/** A key that is to be made. */
export interface GenerateKeyRequest {
  /** Of the key entity, and the label in the token. */
  readonly name: string;
  readonly algorithm: KeyAlgorithm;
  readonly purposes: readonly KeyEntity["purposes"][number][];
  /** The label of one of `[[token]]`; may be left out where there is only one. */
  readonly token?: string;
}

/** A key that is in a token already. */
export interface ReferenceKeyRequest {
  readonly name: string;
  /** RFC 7512, with object or id. */
  readonly uri: string;
  readonly purposes: readonly KeyEntity["purposes"][number][];
}

/** An authority of ours: for edges, or for certificates of development. */
export interface CreateAuthorityRequest {
  readonly name: string;
  readonly purpose: AuthorityEntity["purpose"];
  readonly token?: string;
}

/** What administrators do with keys and certificates beside rotations. Throws IssuanceError, TokenError, RegistryError. */
export interface KeyManagement {
  /** Makes a key in a token, checks what the token says of it, and enters it as active. */
  generate(request: GenerateKeyRequest, author: string): Promise<KeyEntity>;
  /** Enters a key that was found in a token. */
  reference(request: ReferenceKeyRequest, author: string): Promise<KeyEntity>;
  /** It answers no more, and stays in its token. Refused while a name serves with it. */
  retire(name: string, author: string): KeyEntity;
  /** Destroys a retired key in its token, for ever. Refused while a name serves with it. */
  destroy(name: string, author: string): Promise<KeyEntity>;
  /** A PKCS#10 request in PEM, signed by the key in its token. */
  certificateRequest(keyName: string, serverNames: readonly string[]): Promise<string>;
  /**
   * Holds an external CA's chain (PEM, leaf first) against the key with that SKI, the name's host names, its validity and its
   * order; nothing is changed.
   */
  checkCertificate(name: string, chainPem: string): CertificateEntity;
  /** `checkCertificate`, then the key's certificate under that name is this one: edges serve it as soon as they have it. */
  installCertificate(name: string, chainPem: string, author: string): CertificateEntity;
  /** Makes an authority whose key never leaves the token. */
  createAuthority(request: CreateAuthorityRequest, author: string): Promise<AuthorityEntity>;
}
