import { formatAddress } from "../../shared/config/address.ts";
import type { ConfigTable } from "./config_patch.ts";
import { edgeIdentity } from "./identities.ts";
import type { Installation } from "./installation.ts";

/** All of them for a key that decrypts; those that sign for the others. */
function purposesOf({ decrypts }: { readonly decrypts?: boolean }): string[] {
  return ["sign-tls13", "sign-tls12", ...decrypts === true ? ["rsa-key-exchange"] : []];
}

/** A key server's configuration for all keys of the installation, all granted to the edge pop1. */
export function keyServerConfig(installation: Installation, index: number): ConfigTable {
  return {
    listen: {
      address: formatAddress(installation.address("keyServer", index)),
      certificate: "key-server.pem",
      private_key: "key-server.key",
      client_ca: "edge-ca.pem",
    },
    token: [{ uri: installation.token.uri, pin: `file:${installation.token.pinFile}`, sessions: 4 }],
    key: installation.token.keys.map(({ name, ...key }) => ({
      name,
      uri: `pkcs11:object=${name};type=private`,
      purposes: purposesOf(key),
      certificate: `${name}.pem`,
    })),
    grant: installation.token.keys.map(({ name, ...key }) => ({
      edge: edgeIdentity("pop1"),
      key: name,
      operations: purposesOf(key),
      transcript: "hash",
    })),
    admin: { address: formatAddress(installation.address("keyServerAdmin", index)) },
    log: { level: "debug" },
  };
}

/** Where an edge has its sites' certificates from: files beside its configuration, or key servers that push them. */
export type CertificateSource = "files" | "pushed";

/** An edge's configuration: one site with all keys of the installation, for all its names and for clients without one. */
export function edgeConfig(
  installation: Installation,
  name: string,
  index: number,
  certificates: CertificateSource = "files",
): ConfigTable {
  const files = { certificates: installation.token.keys.map((key) => `${key.name}.pem`) };
  return {
    workers: 1,
    listen: [{ address: formatAddress(installation.address("edge", index)) }],
    identity: { certificate: `edge-${name}.pem`, private_key: `edge-${name}.key` },
    key_server: [installation.keyServerEntry()],
    site: [{
      names: installation.names,
      ...certificates === "files" ? files : {},
      alpn: ["http/1.1"],
      backend: formatAddress(installation.address("backend")),
      default: true,
    }],
    ...certificates === "pushed" ? { control: { state: `edge-${name}-${index}-state` } } : {},
    admin: { address: formatAddress(installation.address("edgeAdmin", index)) },
    log: { level: "debug" },
  };
}
