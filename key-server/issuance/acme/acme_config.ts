import { z } from "zod";
import { pathBesideConfig, pathSchema } from "../../../shared/config/paths.ts";
import { secretSourceSchema } from "../../../shared/config/secret_source.ts";

/** `[acme]`: a CA that speaks RFC 8555. */
export const acmeSectionSchema = z.strictObject({
  directory: z.url({ protocol: /^https$/, error: "an https:// URL" }),
  contact: z.array(z.string().regex(/^mailto:.+/, { error: "mailto: and an address" })).max(10).default([]),
  /** Nobody can agree for its operator. */
  terms_of_service_agreed: z.literal(true, { error: "true, once you have read the CA's terms" }),
  /** Authorities of the CA's own HTTPS server, PEM; those of the system unless told. */
  ca: pathSchema.optional(),
  /** RFC 8555, Section 7.3.4. */
  external_account: z.strictObject({ key_id: z.string().min(1).max(1000), hmac_key: secretSourceSchema })
    .optional(),
  /** The label of the token that holds the account's key; may be left out where there is only one. */
  token: z.string().max(32).optional(),
});

/** `[acme]`, ready to use. */
export interface AcmeConfig {
  /** Secret sources are relative to it. */
  readonly configFile: string;
  readonly directory: string;
  readonly contact: readonly string[];
  /** An absolute path. */
  readonly ca: string | undefined;
  readonly externalAccount: { readonly keyId: string; readonly hmacKey: string } | undefined;
  readonly token: string | undefined;
}

export function acmeConfig(
  configFile: string,
  section: z.output<typeof acmeSectionSchema> | undefined,
): AcmeConfig | undefined {
  if (section === undefined) return undefined;
  const { directory, contact, ca, external_account: account, token } = section;
  return {
    configFile,
    directory,
    contact,
    ca: ca === undefined ? undefined : pathBesideConfig(configFile, ca),
    externalAccount: account && { keyId: account.key_id, hmacKey: account.hmac_key },
    token,
  };
}
