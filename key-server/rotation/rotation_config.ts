import { z } from "zod";
import { millisecondsSchema } from "../../shared/config/common_sections.ts";
import { pathSchema } from "../../shared/config/paths.ts";
import { pathBesideConfig } from "../../shared/config/paths.ts";
import { entityNameSchema } from "../registry/entities/common.ts";
import { keyAlgorithmSchema } from "../registry/entities/key.ts";
import { rotationSchema } from "../registry/entities/rotation.ts";

const day = 86_400_000;

const issuerSchema = rotationSchema.shape.issuer;

const ruleSchema = z.strictObject({
  name: entityNameSchema,
  automatic: z.boolean().optional(),
  issuer: issuerSchema.optional(),
  algorithm: keyAlgorithmSchema.optional(),
  renew_at: z.number().gt(0).lt(1).optional(),
});

/** `[rotation]`. */
export const rotationSectionSchema = z.strictObject({
  /** How long old keys answer after the switch. */
  drain_ms: millisecondsSchema.default(60_000),
  /** Whether names are renewed ahead of their certificates' end. */
  automatic: z.boolean().default(true),
  /** The part of a certificate's life that is left when it is renewed; a CA that says when itself (RFC 9773) is followed. */
  renew_at: z.number().gt(0).lt(1).default(1 / 3),
  development_days: z.int().min(1).max(398).default(30),
  /** Authorities that certificates of the issuer `csr` have to lead to, PEM. */
  external_roots: pathSchema.optional(),
  name: z.array(ruleSchema).max(10_000).default([]),
}).prefault({});

/** What is said of one name; what is left out is as for all. */
export interface RotationRule {
  readonly automatic: boolean;
  readonly renewAt: number;
  readonly issuer: z.infer<typeof issuerSchema> | undefined;
  readonly algorithm: z.infer<typeof keyAlgorithmSchema> | undefined;
}

/** `[rotation]`, ready to use; times in milliseconds. */
export interface RotationConfig {
  readonly drainTime: number;
  readonly developmentLifetime: number;
  /** An absolute path. */
  readonly externalRoots: string | undefined;
  readonly ruleFor: (name: string) => RotationRule;
}

/** `configFile` is what paths are relative to. */
export function rotationConfig(
  configFile: string,
  section: z.output<typeof rotationSectionSchema>,
): RotationConfig {
  const rules = new Map(section.name.map((rule) => [rule.name, rule]));
  return {
    drainTime: section.drain_ms,
    developmentLifetime: section.development_days * day,
    externalRoots: section.external_roots && pathBesideConfig(configFile, section.external_roots),
    ruleFor: (name) => {
      const rule = rules.get(name);
      return {
        automatic: rule?.automatic ?? section.automatic,
        renewAt: rule?.renew_at ?? section.renew_at,
        issuer: rule?.issuer,
        algorithm: rule?.algorithm,
      };
    },
  };
}
