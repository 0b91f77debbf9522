import { createPrivateKey, type JsonWebKeyInput } from "node:crypto";
import { writePublic, writeSecret } from "../../certs/write.ts";
import { formatAddress } from "../../shared/config/address.ts";
import { ClientPki } from "../harness/client_pki.ts";
import type { ConfigTable } from "../harness/config_patch.ts";
import type { Installation } from "../harness/installation.ts";
import { System } from "../harness/system.ts";
import { TemporaryFolder } from "../harness/temporary_folder.ts";
import type { KeyType } from "../harness/token/job.ts";
import { type Cell, type CertificateName, certificates } from "./cell.ts";
import type { Target } from "./clients/run_cell.ts";
import { startReferenceServer } from "./reference_server.ts";

const keyTypes: Readonly<Record<CertificateName, KeyType>> = {
  p256: "ecdsa-p256",
  p384: "ecdsa-p384",
  rsa: "rsa-2048",
};

/** The first port of the reference servers. */
const referencePort = 9500;

type Site = Pick<Cell, "certificate" | "clientCertificate">;

const sites: readonly Site[] = certificates.flatMap((certificate) =>
  [false, true].map((clientCertificate) => ({ certificate, clientCertificate }))
);

function siteName({ certificate, clientCertificate }: Site): string {
  return `${certificate}${clientCertificate ? ".clients" : ""}.holdfast.test`;
}

/**
 * Both sides of the matrix: an edge with its key server and token, and `openssl s_server`s that have the same keys in
 * files; a site, and a server, for each certificate with and without client certificates.
 */
export class Stage implements AsyncDisposable {
  private constructor(readonly system: System, readonly parts: AsyncDisposableStack) {}

  static async start(): Promise<Stage> {
    await using parts = new AsyncDisposableStack();
    const folder = parts.use(await TemporaryFolder.create());
    await writeClient(folder);
    const names = sites.map(siteName) as [string, ...string[]];
    const keys = certificates.map((name) => ({ name, type: keyTypes[name], known: true }));
    const system = parts.use(await System.start({ folder: folder.path, names, keys, edge: edgePatch }));
    await startReferences(system.installation, parts);
    return new Stage(system, parts.move());
  }

  /** The edge, for a cell. */
  edge(cell: Cell): Target {
    return this.#target(cell, this.system.endpoint.port);
  }

  /** The reference, for a cell. */
  reference(cell: Cell): Target {
    return this.#target(cell, portOf(cell));
  }

  #target(cell: Cell, port: number): Target {
    const { installation, endpoint } = this.system;
    return {
      endpoint: { ...endpoint, port, serverName: siteName(cell) },
      clientCertificate: {
        certificate: installation.file("client.pem"),
        privateKey: installation.file("client.key"),
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.parts.disposeAsync();
  }
}

function portOf({ certificate, clientCertificate }: Site): number {
  const index = sites.findIndex((site) =>
    site.certificate === certificate && site.clientCertificate === clientCertificate
  );
  return referencePort + index;
}

async function writeClient(folder: TemporaryFolder): Promise<void> {
  const pki = await ClientPki.create();
  const client = await pki.issue();
  await writePublic(folder.file("clients-ca.pem"), pki.authorityPem);
  await writePublic(folder.file("client.pem"), client.certificatePem);
  await writeSecret(folder.file("client.key"), client.privateKeyPem);
}

function edgePatch(installation: Installation): ConfigTable {
  const backend = formatAddress(installation.address("backend"));
  return {
    site: sites.map((site) => ({
      ...{ names: [siteName(site)], certificates: [`${site.certificate}.pem`], alpn: ["http/1.1"], backend },
      ...(site.clientCertificate ? { client_certificates: { mode: "required", ca: "clients-ca.pem" } } : {}),
    })),
  };
}

async function startReferences(installation: Installation, parts: AsyncDisposableStack): Promise<void> {
  for (const { name, privateKey } of installation.token.keys) {
    const key = createPrivateKey({ key: privateKey as JsonWebKeyInput["key"], format: "jwk" });
    const pem = key.export({ type: "pkcs8", format: "pem" }) as string;
    await writeSecret(installation.file(`${name}.key`), pem);
  }
  const servers = sites.map(async (site) => {
    const server = await startReferenceServer({
      host: installation.host,
      port: portOf(site),
      certificate: site.certificate,
      chain: installation.file(`${site.certificate}.pem`),
      privateKey: installation.file(`${site.certificate}.key`),
      ...(site.clientCertificate ? { clientAuthority: installation.file("clients-ca.pem") } : {}),
    });
    parts.use(server);
  });
  await Promise.all(servers);
}
