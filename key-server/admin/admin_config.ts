/** The `[admin_api]` section: where administrators reach the key server, and who they are. */
import { z } from "zod";
import { type TcpAddress, tcpAddressSchema } from "../../shared/config/address.ts";
import { pathBesideConfig, pathSchema } from "../../shared/config/paths.ts";
import type { IdentityFiles } from "../config.ts";
import { type Role, roles } from "./roles.ts";

const roleSchema = z.enum(roles);

const administratorSchema = z.union([
  z.strictObject({
    identity: z.string().max(2048).regex(/^(cn:.+|[a-z][a-z0-9+.-]*:[\x21-\x7e]+)$/i, {
      error: 'the URI of an administrator\'s certificate, or "cn:" and its common name',
    }),
    role: roleSchema,
  }),
  z.strictObject({ uid: z.int().min(0).max(0xffff_fffe), role: roleSchema }),
]);

const overTls = ["address", "certificate", "private_key", "client_ca"] as const;

export const adminApiSchema = z.strictObject({
  unix: pathSchema.optional(),
  mode: z.enum(["0600", "0660"]).default("0600"),
  address: tcpAddressSchema.optional(),
  certificate: pathSchema.optional(),
  private_key: pathSchema.optional(),
  client_ca: pathSchema.optional(),
  administrator: z.array(administratorSchema).max(1000).default([]),
}).superRefine((section, context) => {
  const report = (path: (string | number)[], message: string) =>
    void context.addIssue({ code: "custom", path, message });
  const given = overTls.filter((key) => section[key] !== undefined);
  if (section.unix === undefined && given.length === 0) {
    report([], "a unix socket (unix), an address for mutual TLS, or both");
  }
  if (given.length > 0) {
    for (const key of overTls.filter((key) => section[key] === undefined)) {
      report([key], `${key}, as ${given[0]} is given: mutual TLS needs ${overTls.join(", ")}`);
    }
  }
  const seen = new Set<string | number>();
  for (const [index, administrator] of section.administrator.entries()) {
    const who = "uid" in administrator ? administrator.uid : administrator.identity;
    if (seen.has(who)) report(["administrator", index], "an administrator who is not listed before");
    seen.add(who);
  }
});

/** `[admin_api]`, with absolute paths. */
export interface AdminApiConfig {
  readonly unix: { readonly path: string; readonly mode: number } | undefined;
  readonly tls: { readonly address: TcpAddress; readonly identity: IdentityFiles } | undefined;
  readonly administrators: readonly (
    | { readonly identity: string; readonly role: Role }
    | { readonly uid: number; readonly role: Role }
  )[];
}

/** The section as it can be run. */
export function resolveAdminApi(
  configFile: string,
  section: z.output<typeof adminApiSchema>,
): AdminApiConfig {
  const absolute = (path: string) => pathBesideConfig(configFile, path);
  const { unix, mode, address, certificate, private_key, client_ca } = section;
  return {
    unix: unix === undefined ? undefined : { path: absolute(unix), mode: parseInt(mode, 8) },
    tls: address && {
      address,
      identity: {
        certificate: absolute(certificate!),
        privateKey: absolute(private_key!),
        clientCa: absolute(client_ca!),
      },
    },
    administrators: section.administrator,
  };
}
