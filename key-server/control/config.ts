/** The `[control]` section: how far edges are waited for. */
import { z } from "zod";
import { millisecondsSchema } from "../../shared/config/common_sections.ts";

export const controlSectionSchema = z.strictObject({
  edge_grace_ms: millisecondsSchema.default(60_000),
}).prefault({});

/** Times in milliseconds. */
export interface ControlConfig {
  /** How long an edge that was lost counts as live: rotations wait for it. */
  readonly edgeGrace: number;
}

export function controlConfig(section: z.output<typeof controlSectionSchema>): ControlConfig {
  return { edgeGrace: section.edge_grace_ms };
}
