import { join } from "node:path";
import { derToPem } from "../../shared/libcrypto/x509.ts";
import { EnrolmentError } from "./errors.ts";
import type { NewIdentity } from "./identity_request.ts";

/** The files that enrolment makes in an edge's state folder, which is the edge's own: mode 0700. */
export interface IdentityFolder {
  /** Private key and chain, mode 0600. */
  readonly identity: string;
  /** Whom key servers are known by. */
  readonly keyServerCa: string;
  /** Whom other edges are known by. */
  readonly edgeCa: string;
}

export function identityFolder(folder: string): IdentityFolder {
  return {
    identity: join(folder, "identity.pem"),
    keyServerCa: join(folder, "key-server-ca.pem"),
    edgeCa: join(folder, "edge-ca.pem"),
  };
}

/** Whether an identity is the one that enrolment keeps in this folder: then the edge renews it by itself. */
export function isEnrolled(
  { certificate, privateKey }: { readonly certificate: string; readonly privateKey: string },
  folder: string,
): boolean {
  const { identity } = identityFolder(folder);
  return certificate === identity && privateKey === identity;
}

/** Puts a new identity in the place of the one before, as a whole. Throws EnrolmentError. */
export async function writeIdentity(folder: string, { pem }: NewIdentity): Promise<void> {
  await replaceFile(identityFolder(folder).identity, pem);
}

/** Authorities in base64 DER. Throws EnrolmentError. */
export async function writeAuthorities(
  folder: string,
  { keyServerAuthorities, edgeAuthorities }: {
    readonly keyServerAuthorities: readonly string[];
    readonly edgeAuthorities: readonly string[];
  },
): Promise<void> {
  const pem = (authorities: readonly string[]) =>
    authorities.map((der) => derToPem(Uint8Array.fromBase64(der))).join("");
  const { keyServerCa, edgeCa } = identityFolder(folder);
  await replaceFile(keyServerCa, pem(keyServerAuthorities));
  await replaceFile(edgeCa, pem(edgeAuthorities));
}

/** On the disk before it takes the old one's place: a crash leaves the one or the other. */
async function replaceFile(path: string, text: string): Promise<void> {
  const fresh = `${path}.new`;
  try {
    {
      using file = await Deno.open(fresh, { write: true, create: true, truncate: true, mode: 0o600 });
      const bytes = new TextEncoder().encode(text);
      for (let written = 0; written < bytes.length;) written += await file.write(bytes.subarray(written));
      bytes.fill(0);
      await file.sync();
    }
    await Deno.rename(fresh, path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : "unknown failure";
    throw new EnrolmentError(`${path} cannot be written: ${reason}`, { cause });
  }
}
