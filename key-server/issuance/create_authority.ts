import type { AuthorityEntity } from "../registry/entities/authority.ts";
import type { Registry } from "../registry/registry.ts";
import type { Clock } from "../rotation/clock.ts";
import { IssuanceError } from "./errors.ts";
import type { CreateAuthorityRequest } from "./key_management.ts";
import { selfSignedAuthority, validFor } from "./token_authority.ts";
import type { TokenKeys, TokenPlace } from "./token_keys.ts";

const year = 365 * 86_400_000;

const commonNames: Readonly<Record<AuthorityEntity["purpose"], string>> = {
  edges: "Holdfast Edge CA",
  development: "Holdfast Development CA",
};

/** Of edges: as long as an installation; of development: nobody is to build on it. */
const lifetimes: Readonly<Record<AuthorityEntity["purpose"], number>> = {
  edges: 10 * year,
  development: year,
};

/**
 * Makes an authority's key in a token and its self-signed certificate, and enters it. A key that a crash left there under the
 * authority's name is taken. Throws IssuanceError, TokenError, RegistryError.
 */
export async function createAuthority(
  { name, purpose, place }: Omit<CreateAuthorityRequest, "token"> & { readonly place?: TokenPlace },
  author: string,
  { registry, tokenKeys, clock }: {
    readonly registry: Registry;
    readonly tokenKeys: TokenKeys;
    readonly clock: Clock;
  },
): Promise<AuthorityEntity> {
  if (registry.state.get("authority", name) !== undefined) {
    throw new IssuanceError("make an authority", `there is one called ${name}`, { code: "conflict" });
  }
  const label = `authority-${name}`;
  const { uri } = await tokenKeys.generate(place, { label, algorithm: "ecdsa-p256", once: true });
  const validity = validFor(lifetimes[purpose], clock.now());
  const certificate = await selfSignedAuthority(
    await tokenKeys.load(uri),
    `${commonNames[purpose]} ${name}`,
    validity,
  );
  const put: AuthorityEntity = {
    name,
    purpose,
    keyUri: uri,
    chain: [certificate.toBase64()],
    notAfter: new Date(Math.floor(validity.notAfter.getTime() / 1000) * 1000).toISOString(),
  };
  registry.commit([{ kind: "authority", put }], { author, reason: `make the authority ${name}` });
  return put;
}
