/** The `[enrolment]` section: how edges get their certificates. */
import { z } from "zod";
import { type TcpAddress, tcpAddressSchema } from "../../shared/config/address.ts";
import { pathBesideConfig, pathSchema } from "../../shared/config/paths.ts";
import { entityNameSchema } from "../registry/entities/common.ts";

const minute = 60;
const day = 24 * 60 * minute;

/** `example.toml` says what each key means. */
export const enrolmentSectionSchema = z.strictObject({
  address: tcpAddressSchema,
  server_ca: pathSchema,
  authority: entityNameSchema.default("edges"),
  certificate_lifetime_s: z.int().min(minute).max(366 * day).default(day),
});

export type EnrolmentSection = z.output<typeof enrolmentSectionSchema>;

/** What the section decides. */
export interface EnrolmentConfig {
  readonly address: TcpAddress;
  /** Absolute path: PEM of the authorities that edges are to know key servers by. */
  readonly serverCa: string;
  /** The name of the authority that certifies edges. */
  readonly authority: string;
  /** Milliseconds that an edge's certificate holds. */
  readonly certificateLifetime: number;
}

export function enrolmentConfig(configFile: string, section: EnrolmentSection): EnrolmentConfig {
  return {
    address: section.address,
    serverCa: pathBesideConfig(configFile, section.server_ca),
    authority: section.authority,
    certificateLifetime: section.certificate_lifetime_s * 1000,
  };
}
