import { X509Certificate } from "../../shared/pki/x509.ts";
import { certificateEntity } from "../registry/certificate_entity.ts";
import type { AuthorityEntity } from "../registry/entities/authority.ts";
import type { CertificateEntity } from "../registry/entities/certificate.ts";
import type { KeyEntity } from "../registry/entities/key.ts";
import type { Registry } from "../registry/registry.ts";
import type { Clock } from "../rotation/clock.ts";
import { createAuthority } from "./create_authority.ts";
import { IssuanceError } from "./errors.ts";
import { certify, serverCertificate, validFor } from "./token_authority.ts";
import type { TokenKeys } from "./token_keys.ts";

/** What issuing needs. */
export interface DevelopmentParts {
  readonly registry: Registry;
  readonly tokenKeys: TokenKeys;
  readonly clock: Clock;
}

export interface DevelopmentRequest {
  readonly key: KeyEntity;
  readonly serverNames: readonly string[];
  readonly decrypts: boolean;
  /** Milliseconds. */
  readonly lifetime: number;
}

/** What the development CA is called where nobody has made one by another name. */
const usualName = "development";

/**
 * A certificate by the development CA, whose key is in a token and whom nobody trusts who was not told to. The CA is made when
 * it is first needed. Throws IssuanceError, TokenError, RegistryError.
 */
export async function issueDevelopmentCertificate(
  { key, serverNames, decrypts, lifetime }: DevelopmentRequest,
  parts: DevelopmentParts,
): Promise<CertificateEntity> {
  const { registry, tokenKeys, clock } = parts;
  const authorities = registry.state.list("authority").filter(({ purpose }) => purpose === "development");
  const now = clock.now().toISOString();
  const authority = authorities.length === 0
    ? await makeAuthority(key, parts)
    : authorities.find(({ notAfter }) => notAfter > now);
  if (authority === undefined) {
    throw new IssuanceError("issue a certificate", "the development authority has expired; make another");
  }
  const root = Uint8Array.fromBase64(authority.chain[0]!);
  const { publicKey } = await tokenKeys.load(key.uri);
  // No certificate outlives the one above it.
  const { notBefore, notAfter } = validFor(lifetime, clock.now());
  const end = new Date(Math.min(notAfter.getTime(), new X509Certificate(root).notAfter.getTime()));
  const certified = serverCertificate(publicKey.subjectPublicKeyInfo, serverNames, decrypts, {
    notBefore,
    notAfter: end,
  });
  const leaf = await certify(await tokenKeys.load(authority.keyUri), root, certified);
  return certificateEntity([leaf], "development");
}

/** In the token of the key that it is first needed for. */
async function makeAuthority({ uri }: KeyEntity, parts: DevelopmentParts): Promise<AuthorityEntity> {
  const request = { name: usualName, purpose: "development", place: { ofKey: uri } } as const;
  return await createAuthority(request, "holdfast:rotation", parts);
}
