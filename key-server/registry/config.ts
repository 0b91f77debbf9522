/** The `[registry]` section: where names, keys, certificates, edges and permissions are kept. */
import { z } from "zod";
import { type TcpAddress, tcpAddressSchema } from "../../shared/config/address.ts";
import { pathBesideConfig, pathSchema } from "../../shared/config/paths.ts";
import { edgeIdentitySchema } from "../schemas.ts";

const followSchema = z.strictObject({
  address: tcpAddressSchema,
  name: z.string().min(1).max(253),
  ca: pathSchema,
  certificate: pathSchema,
  private_key: pathSchema,
});

export const registrySectionSchema = z.strictObject({
  path: pathSchema,
  followers: z.array(edgeIdentitySchema).max(100).default([]),
  follow: followSchema.optional(),
});

/** `[registry.follow]`, with absolute paths. */
export interface FollowConfig {
  readonly address: TcpAddress;
  /** In the primary's certificate. */
  readonly name: string;
  readonly identity: { readonly certificate: string; readonly privateKey: string; readonly ca: string };
}

/** `[registry]`, with absolute paths. */
export interface RegistryConfig {
  readonly path: string;
  /** Identities of key servers that may follow this one. */
  readonly followers: readonly string[];
  /** The primary; undefined: this is one. */
  readonly follow: FollowConfig | undefined;
}

/** The section as it can be run. */
export function resolveRegistry(
  configFile: string,
  { path, followers, follow }: z.output<typeof registrySectionSchema>,
): RegistryConfig {
  const absolute = (path: string) => pathBesideConfig(configFile, path);
  return {
    path: absolute(path),
    followers,
    follow: follow && {
      address: follow.address,
      name: follow.name,
      identity: {
        certificate: absolute(follow.certificate),
        privateKey: absolute(follow.private_key),
        ca: absolute(follow.ca),
      },
    },
  };
}
