import { createPrivateKey, X509Certificate } from "node:crypto";
import { HoldfastError } from "../shared/errors.ts";
import { derToPem } from "../shared/libcrypto/x509.ts";
import type { IdentityFiles } from "./config.ts";

/** The key server's own certificate and key, and the authority of its edges, in PEM. */
export interface OwnIdentity {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** Files that do not make an identity. Code `own-identity`. Never carries what is in them. */
export class OwnIdentityError extends HoldfastError {
  constructor(reason: string, options?: ErrorOptions) {
    super("own-identity", `Cannot use the key server's own identity: ${reason}`, options);
  }
}

async function read(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    throw new OwnIdentityError(`${path} cannot be read`, { cause });
  }
}

function certificateOf(path: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new OwnIdentityError(`${path} has no certificate in PEM`);
  }
}

/**
 * Reads the files and makes sure that they fit together: half a replacement is refused. `authorities` vouch for clients
 * beside those of the file.
 */
export async function readOwnIdentity(
  files: IdentityFiles,
  authorities: readonly Uint8Array[] = [],
): Promise<OwnIdentity> {
  const [cert, key] = await Promise.all([files.certificate, files.privateKey].map(read));
  const certificate = certificateOf(files.certificate, cert!);
  if (!hasKey(certificate, key!)) {
    throw new OwnIdentityError(`${files.privateKey} is not the private key of ${files.certificate}`);
  }
  if (new Date(certificate.validTo).getTime() <= Date.now()) {
    throw new OwnIdentityError(`${files.certificate} has expired`);
  }
  const ca = [await readAuthorities(files.clientCa), ...authorities.map(derToPem)].join("\n");
  // With no authority at all TLS would take the system's: with its own certificate in their place it takes nobody.
  return { cert: cert!, key: key!, ca: ca === "" ? certificate.toString() : ca };
}

async function readAuthorities(path: string | undefined): Promise<string> {
  if (path === undefined) return "";
  const ca = await read(path);
  certificateOf(path, ca);
  return ca;
}

function hasKey(certificate: X509Certificate, key: string): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}
