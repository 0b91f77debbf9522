/** The `[control]` section: that certificates come from key servers, and where the last ones are kept. */
import { z } from "zod";
import { pathSchema } from "../../shared/config/paths.ts";

export const controlSectionSchema = z.strictObject({ state: pathSchema });

export type ControlSection = z.output<typeof controlSectionSchema>;

/** Paths are absolute. */
export interface ControlSettings {
  /** A folder of mode 0700, made when it is absent. */
  readonly state: string;
}

export function controlSettings(
  section: ControlSection | undefined,
  absolute: (path: string) => string,
): ControlSettings | undefined {
  return section && { state: absolute(section.state) };
}
