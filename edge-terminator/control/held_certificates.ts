/** For `--check`: what an edge would serve without any key server. */
import type { LoadedCertificate } from "../certificates/chain_loader.ts";
import type { EdgeConfig } from "../config.ts";
import { documentFile } from "./state_folder.ts";
import type { ControlDocument } from "./document.ts";
import { ControlStateError, readDocument } from "./document_file.ts";
import { CertificateIndex } from "./pushed_sites.ts";
import { ServedNames } from "./served_names.ts";

/** One line for the version, and one for each host name whose certificates are pushed. */
export async function heldCertificates(
  { control, sites }: Pick<EdgeConfig, "control" | "sites">,
): Promise<string[]> {
  if (control === undefined) return [];
  let document: ControlDocument;
  try {
    document = await readDocument(documentFile(control.state));
  } catch (error) {
    if (!(error instanceof ControlStateError)) throw error;
    return [`Pushed certificates: none at hand until a key server sends them. ${error.message}`];
  }
  const names = new ServedNames();
  await names.take({ ...document, from: 0, put: [...document.names.values()], remove: [] });
  const index = new CertificateIndex(names.names);
  const hosts = sites.filter(({ certificates }) => certificates.length === 0).flatMap((site) => site.names);
  return [
    `Pushed certificates: version ${document.version} of the registry, ${document.names.size} names`,
    ...names.problems.map(({ name, reason }) => `  ${name}: cannot be used: ${reason}`),
    ...hosts.map((host) => `  ${host}: ${describe(index.find(host))}`),
  ];
}

function describe(certificates: readonly LoadedCertificate[]): string {
  if (certificates.length === 0) return "no certificate; clients that ask for it are refused";
  return certificates.map(({ keyType, notAfter }) => `${keyType} until ${notAfter.toISOString()}`).join(", ");
}
