import { CertificateError } from "../../../shared/libcrypto/errors.ts";
import { pemToDer } from "../../../shared/libcrypto/x509.ts";
import { certificateEntity } from "../certificate_entity.ts";
import type { CertificateEntity } from "../entities/certificate.ts";

/** A chain in a PEM file; undefined where there is none that can be read. */
export async function certificateOfKey(path: string): Promise<CertificateEntity | undefined> {
  try {
    return certificateEntity(pemToDer(await Deno.readTextFile(path)), "imported");
  } catch (error) {
    const isExpected = error instanceof CertificateError || error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.PermissionDenied || error instanceof TypeError;
    if (!isExpected) throw error;
    return undefined;
  }
}
