/** The `[ticket_hub]` section: how key servers share what they know of edges that share ticket keys. */
import { z } from "zod";
import { type TcpAddress, tcpAddressSchema } from "../../shared/config/address.ts";
import { pathBesideConfig, pathSchema } from "../../shared/config/paths.ts";

const natsSchema = z.strictObject({
  servers: z.array(tcpAddressSchema).min(1).max(16),
  /** The name in their certificates, where it is not the host. */
  name: z.string().min(1).max(253).optional(),
  certificate: pathSchema,
  private_key: pathSchema,
  ca: pathSchema,
  bucket: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, { error: "1 to 64 letters, digits, dashes, underscores" })
    .default("holdfast-tickets"),
});

export const ticketHubSectionSchema = z.strictObject({ nats: natsSchema.optional() }).prefault({});

/** `[ticket_hub.nats]`, with absolute paths. */
export interface NatsConfig {
  /** Tried in turn. */
  readonly servers: readonly TcpAddress[];
  readonly name: string | undefined;
  readonly certificate: string;
  readonly privateKey: string;
  readonly ca: string;
  readonly bucket: string;
  /** Milliseconds that a member counts as live after it was lost. */
  readonly grace: number;
}

export interface TicketHubConfig {
  /** Undefined: this key server's members are all that it knows. */
  readonly nats: NatsConfig | undefined;
}

export function ticketHubConfig(
  configFile: string,
  { nats }: z.output<typeof ticketHubSectionSchema>,
  grace: number,
): TicketHubConfig {
  const absolute = (path: string) => pathBesideConfig(configFile, path);
  return {
    nats: nats && {
      servers: nats.servers,
      name: nats.name,
      certificate: absolute(nats.certificate),
      privateKey: absolute(nats.private_key),
      ca: absolute(nats.ca),
      bucket: nats.bucket,
      grace,
    },
  };
}
