/** `[site.client_certificates]`: whether a site asks its clients for certificates, and whose it takes. */
import { z } from "zod";

/** `path` is what the rest of the configuration takes for a file's path. */
export const clientCertificatesSchema = (path: z.ZodString) =>
  z.strictObject({
    mode: z.enum(["none", "optional", "required"]),
    ca: path,
    crls: z.array(path).max(64).default([]),
  });

export type ClientCertificatesSection = z.output<ReturnType<typeof clientCertificatesSchema>>;

/** The files of a section, by absolute path. */
export interface ClientAuthorityFiles {
  readonly ca: string;
  readonly crls: readonly string[];
}

/** Undefined where clients are not asked: then nothing is read either. */
export function clientAuthorityFiles(
  section: ClientCertificatesSection | undefined,
  absolute: (path: string) => string,
): ClientAuthorityFiles | undefined {
  if (section === undefined || section.mode === "none") return undefined;
  return { ca: absolute(section.ca), crls: section.crls.map(absolute) };
}
