import { join } from "node:path";
import type { DevelopmentPki, Identity } from "./dev_pki.ts";

/** Writes a certificate, or anything else that anybody may read, with mode 0644. */
export async function writePublic(path: string, text: string): Promise<void> {
  await write(path, text, 0o644);
}

/** Writes a secret with mode 0600. */
export async function writeSecret(path: string, text: string): Promise<void> {
  await write(path, text, 0o600);
}

/** Writes `NAME.pem` and `NAME.key`. */
export async function writeIdentity(folder: string, name: string, identity: Identity): Promise<void> {
  await writePublic(join(folder, `${name}.pem`), identity.certificatePem);
  await writeSecret(join(folder, `${name}.key`), identity.privateKeyPem);
}

/** Writes the certificates of the three roots: `web-root.pem`, `key-server-ca.pem`, `edge-ca.pem`. */
export async function writeRoots(folder: string, pki: DevelopmentPki): Promise<void> {
  await writePublic(join(folder, "web-root.pem"), pki.webRoot.certificatePem);
  await writePublic(join(folder, "key-server-ca.pem"), pki.keyServers.certificatePem);
  await writePublic(join(folder, "edge-ca.pem"), pki.edges.certificatePem);
}

/** A new file under its final mode, renamed into place: readers see the old or the new one, never half of it. */
async function write(path: string, text: string, mode: number): Promise<void> {
  const fresh = `${path}.new`;
  await Deno.remove(fresh).catch(() => {});
  await Deno.writeTextFile(fresh, text, { createNew: true, mode });
  await Deno.chmod(fresh, mode); // past the umask
  await Deno.rename(fresh, path);
}
