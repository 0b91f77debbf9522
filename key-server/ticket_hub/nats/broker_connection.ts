import { StorageType } from "@nats-io/jetstream";
import { isIP } from "node:net";
import { type KV, Kvm } from "@nats-io/kv";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { formatAddress, type TcpAddress } from "../../../shared/config/address.ts";
import type { NatsConfig } from "../config.ts";

/** Milliseconds that the broker has for an answer. */
const patience = 5000;

/** A connection to the broker, with the bucket open. */
export interface BrokerConnection {
  readonly nats: NatsConnection;
  readonly bucket: KV;
}

/**
 * One connection to one broker, over mutual TLS; it does not come back by itself: who holds it opens another and says
 * everything anew, as a broker that was restarted knows nothing. Files are read each time. Rejects with what the client says.
 */
export async function connectBroker(server: TcpAddress, config: NatsConfig): Promise<BrokerConnection> {
  const tls = {
    certFile: config.certificate,
    keyFile: config.privateKey,
    caFile: config.ca,
    minVersion: "TLSv1.3",
    ...peerName(config.name ?? server.host),
  };
  const nats = await connect({
    servers: [formatAddress(server)],
    tls,
    reconnect: false,
    noEcho: true,
    timeout: patience,
    pingInterval: 5000,
    maxPingOut: 2,
    ignoreClusterUpdates: true,
    name: "holdfast-key-server",
  });
  try {
    const bucket = await new Kvm(nats).create(config.bucket, {
      storage: StorageType.Memory,
      history: 1,
      ttl: config.grace,
      timeout: patience,
    });
    return { nats, bucket };
  } catch (error) {
    await nats.close();
    throw error;
  }
}

/** By what the broker's certificate has to name it. An address is no server name (RFC 6066, Section 3). */
function peerName(name: string): { readonly host: string } | { readonly servername: string } {
  return isIP(name) > 0 ? { host: name } : { servername: name };
}
