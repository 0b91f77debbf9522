/** The `[registry]` section: where names, keys, certificates, edges and permissions are kept. */
import { z } from "zod";
import { pathBesideConfig, pathSchema } from "../../shared/config/paths.ts";

export const registrySectionSchema = z.strictObject({
  path: pathSchema,
});

/** `[registry]`, with absolute paths. */
export interface RegistryConfig {
  readonly path: string;
}

/** The section as it can be run. */
export function resolveRegistry(
  configFile: string,
  section: z.output<typeof registrySectionSchema>,
): RegistryConfig {
  return { path: pathBesideConfig(configFile, section.path) };
}
