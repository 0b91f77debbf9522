/** For tests: everything a worker has but the process: pool, engine, acceptor, with a signer that holds the key. */
import assert from "node:assert/strict";
import { DevelopmentPki } from "../../../certs/dev_pki.ts";
import { localPort, openReusePortListener } from "../../../shared/libc/sockets.ts";
import { encapsulate } from "../../../shared/libcrypto/ml_kem.ts";
import { createLogger } from "../../../shared/log.ts";
import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import type { SocketAddress } from "../../../shared/config/address.ts";
import { SignatureScheme } from "../../../shared/tls_constants.ts";
import { poll } from "../../../test/harness/poll.ts";
import type { Site } from "../../certificates/site_table.ts";
import { EdgeMetrics } from "../../proxy/metrics.ts";
import { TlsServerEngine } from "../../tls/server_engine.ts";
import type { SignatureRequest } from "../../tls/server_events.ts";
import { Acceptor } from "../acceptor.ts";
import type { ConnectionContext, ConnectionLimits } from "../context.ts";
import { relayedSite } from "../open_relay.ts";
import { siteName, SoftwareKey } from "./software_key.ts";

export interface LocalEdgeOptions {
  readonly backend: SocketAddress;
  readonly limits?: Partial<ConnectionLimits>;
  readonly maximumConnections?: number;
  readonly proxyProtocol?: boolean;
  readonly alpn?: readonly string[];
  readonly poolBytes?: number;
  /** Instead of the right signature. */
  readonly sign?: (request: SignatureRequest, key: SoftwareKey) => Promise<Uint8Array>;
  readonly change?: (context: ConnectionContext, pool: LockedPool) => ConnectionContext;
}

/** Pki and key are the same for all tests of a process: making them takes longer than most tests. */
let shared: Promise<{ pki: DevelopmentPki; key: SoftwareKey }> | undefined;

async function makeShared() {
  const pki = await DevelopmentPki.create();
  return { pki, key: await SoftwareKey.generate(pki, [siteName]) };
}

export class LocalEdge implements AsyncDisposable {
  private constructor(
    readonly pool: LockedPool,
    readonly metrics: EdgeMetrics,
    readonly acceptor: Acceptor,
    readonly address: { hostname: string; port: number },
    readonly rootPem: string,
    readonly log: string[],
  ) {}

  static async start(options: LocalEdgeOptions): Promise<LocalEdge> {
    const { pki, key } = await (shared ??= makeShared());
    const pool = LockedPool.open({ totalBytes: options.poolBytes ?? 1 << 20 });
    const metrics: EdgeMetrics = new EdgeMetrics(pool, () => acceptor.size);
    const lines: string[] = [];
    const log = createLogger("edge-worker", "debug", (line) => lines.push(line));
    const sign = options.sign ?? signRightly;
    const context: ConnectionContext = {
      createEngine: () => new TlsServerEngine({ pool }),
      findSite: (name) => name === siteName ? relayedSite(siteFor(key, options)) : undefined,
      signer: { sign: (request) => sign(request, key) },
      encapsulate: (encapsulationKey) => encapsulate(pool, encapsulationKey),
      metrics,
      log,
      limits: {
        handshakeDeadline: 5000,
        keyOperationDeadline: 2000,
        halfClosedIdle: 5000,
        ...options.limits,
      },
    };
    const acceptor = new Acceptor({
      context: options.change?.(context, pool) ?? context,
      metrics,
      log,
      maximumConnections: options.maximumConnections ?? 1000,
    });
    const hostname = "127.0.0.1";
    const fd = openReusePortListener(hostname, 0);
    await acceptor.listen({ fd });
    const address = { hostname, port: localPort(fd) };
    return new LocalEdge(pool, metrics, acceptor, address, pki.webRoot.certificatePem, lines);
  }

  /** A client that is through its handshake. */
  async connect(alpnProtocols: string[] = []): Promise<Deno.TlsConn> {
    const tls = await this.startHandshake(alpnProtocols);
    try {
      await tls.handshake();
      return tls;
    } catch (error) {
      tls.close();
      throw error;
    }
  }

  /** A client that is about to begin its handshake. */
  async startHandshake(alpnProtocols: string[] = []): Promise<Deno.TlsConn> {
    const tcp = await Deno.connect(this.address);
    tcp.setNoDelay(); // or every second write waits for a delayed acknowledgement
    return await Deno.startTls(tcp, { hostname: siteName, caCerts: [this.rootPem], alpnProtocols });
  }

  /** The handshakes' log records so far. */
  get handshakes(): Record<string, unknown>[] {
    return this.log.map((line) => JSON.parse(line)).filter(({ event }) => event === "handshake");
  }

  handshake(count = 1): Promise<Record<string, unknown>> {
    return poll("handshake record", () => this.handshakes[count - 1]);
  }

  /** Waits until no connection is left, and then no block of the pool may be. */
  async settled(): Promise<void> {
    await poll("end of all connections", () => this.acceptor.size === 0);
    assert.equal(this.pool.blocksInUse, 0, "a block of the pool was not returned");
    const broken = this.log.filter((line) => line.includes("connection-broken"));
    assert.deepEqual(broken, []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.acceptor.stopListening();
    this.acceptor.endWithin(0);
    await this.settled();
    this.pool[Symbol.dispose]();
  }
}

async function signRightly(request: SignatureRequest, key: SoftwareKey): Promise<Uint8Array> {
  if (request.kind !== "tls13-certificate-verify") throw new TypeError(`no key for ${request.kind}`);
  return await Promise.resolve(key.signTranscript(request.transcriptHash));
}

function siteFor(key: SoftwareKey, { backend, proxyProtocol = false, alpn = [] }: LocalEdgeOptions): Site {
  const certificate = {
    chain: key.chain,
    subjectKeyIdentifier: new Uint8Array(20),
    keyType: "ecdsa-p256",
    signatureSchemes: [SignatureScheme.ecdsa_secp256r1_sha256],
  } as const;
  return {
    name: siteName,
    tls: { certificates: [certificate], alpnProtocols: alpn },
    backend,
    proxyProtocol,
  };
}
