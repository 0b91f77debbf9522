import { StorageType } from "@nats-io/jetstream";
import { type KV, Kvm } from "@nats-io/kv";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import type { NatsConfig } from "../config.ts";

/** Milliseconds that the broker has for an answer. */
const patience = 5000;

/** A connection to the broker, with the bucket open. */
export interface BrokerConnection {
  readonly nats: NatsConnection;
  readonly bucket: KV;
}

/**
 * One connection, over mutual TLS; it does not come back by itself: who holds it opens another and says everything anew, as
 * a broker that was restarted knows nothing. Files are read each time. Rejects with what the client says.
 */
export async function connectBroker({ servers, name, ...config }: NatsConfig): Promise<BrokerConnection> {
  const tls = {
    certFile: config.certificate,
    keyFile: config.privateKey,
    caFile: config.ca,
    minVersion: "TLSv1.3",
    ...(name === undefined ? {} : { servername: name }),
  };
  const nats = await connect({
    servers: [...servers],
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
