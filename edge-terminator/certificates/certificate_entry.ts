/** An entry of `[[site]] certificates`: a chain's file, alone or with the file of an OCSP response to staple. */
import { z } from "zod";

/** `path` is what the rest of the configuration takes for a file's path. One form comes out, whichever went in. */
export const certificateEntrySchema = (path: z.ZodString) =>
  z.union([
    path.transform((chain): CertificateEntry => ({ chain, ocsp: undefined })),
    z.strictObject({ chain: path, ocsp: path }),
  ]);

/** Paths as written. */
export interface CertificateEntry {
  readonly chain: string;
  readonly ocsp: string | undefined;
}

/** Every file that an entry names. */
export function entryFiles({ chain, ocsp }: CertificateEntry): string[] {
  return ocsp === undefined ? [chain] : [chain, ocsp];
}
