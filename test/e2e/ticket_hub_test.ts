import assert from "node:assert/strict";
import { ApiClient } from "../../key-server/admin/client/api_client.ts";
import type { RevokedTicketEdge, TicketStatus } from "../../key-server/admin/schemas/tickets.ts";
import { Broker } from "../../key-server/ticket_hub/testing/broker.ts";
import { writeIdentity } from "../../certs/write.ts";
import { formatAddress } from "../../shared/config/address.ts";
import type { Endpoint } from "../harness/clients/negotiated.ts";
import type { ConfigTable } from "../harness/config_patch.ts";
import { edgeIdentity, keyServerName } from "../harness/identities.ts";
import { poll } from "../harness/poll.ts";
import type { ProductProcess } from "../harness/processes/product_process.ts";
import { type System, withSystem } from "../harness/system.ts";
import { OpensslSession } from "./openssl_session.ts";

const keys = [{ name: "www-ecdsa", type: "ecdsa-p256" }] as const;
const follower = "spiffe://holdfast.test/key-server/second";
const tickets = { source: "hub", edge_ca: "edge-ca.pem" } as const;

/** Two edges that share ticket keys, and where clients reach them. */
interface Pair {
  readonly system: System;
  readonly api: ApiClient;
  readonly a: Endpoint;
  readonly b: Endpoint;
  readonly edgeB: ProductProcess;
  /** A new session of edge A, which is resumed at edge B. */
  readonly carryOver: (version: "1.2" | "1.3") => Promise<OpensslSession>;
}

interface PairOptions {
  /** False: there is no ticket domain. */
  readonly share?: boolean;
  readonly keyServer?: ConfigTable;
  /** Of edge B. */
  readonly edgeB?: (system: System) => ConfigTable;
  readonly beforeEdgeB?: (system: System) => Promise<void>;
}

async function withPair(run: (pair: Pair) => Promise<void>, options: PairOptions = {}): Promise<void> {
  const grant = ["pop1", "pop2"].map((name) => ({
    edge: edgeIdentity(name),
    key: "www-ecdsa",
    operations: ["sign-tls13", "sign-tls12"],
    transcript: "hash",
  }));
  const registry = { path: "registry.sqlite", followers: [follower] };
  await withSystem({
    keys,
    certificates: "pushed",
    keyServer: { registry, grant, admin_api: { unix: "admin.sock" }, ...options.keyServer },
    edge: { workers: 2, tickets },
  }, async (system) => {
    const api = await ApiClient.open({ socket: system.installation.file("admin.sock") });
    if (options.share !== false) await api.post("/v1/ticket-domains", { name: "default" });
    await options.beforeEdgeB?.(system);
    const patch = { workers: 2, tickets, ...options.edgeB?.(system) };
    await using edgeB = await system.installation.startEdge({
      name: "pop2",
      index: 1,
      patch,
      certificates: "pushed",
    });
    const a = system.endpoint;
    const b = { ...a, ...system.installation.address("edge", 1) };
    let number = 0;
    const carryOver = (version: "1.2" | "1.3") =>
      poll("a session of A that B resumes", async () => {
        const file = system.installation.file(`session-${number++}.pem`);
        const session = await OpensslSession.fetch(a, version, file);
        return (await session.resume(b)).resumed && session;
      }, 60_000);
    try {
      await run({ system, api, a, b, edgeB, carryOver });
    } catch (error) {
      if (error instanceof Error) error.message += `\n--- edge B\n${edgeB.lines.join("\n")}`;
      throw error;
    }
  });
}

const allSignatures = async ({ system }: Pair) =>
  await system.signatures("sign-tls13") + await system.signatures("sign-tls12");

/** Both versions, at both edges, without any signature. */
async function resumesEverywhere(pair: Pair, sessions: readonly OpensslSession[]): Promise<void> {
  for (const session of sessions) {
    for (const [edge, endpoint] of [["A", pair.a], ["B", pair.b]] as const) {
      const { resumed, output } = await session.resume(endpoint);
      assert.ok(resumed, `TLS ${session.version} at ${edge}: ${output}`);
    }
  }
}

Deno.test("a session of one edge resumes at another in TLS 1.2 and 1.3, without a signature; and with the key server gone", async () => {
  await withPair(async (pair) => {
    const sessions = [await pair.carryOver("1.3"), await pair.carryOver("1.2")];
    const before = await allSignatures(pair);
    await resumesEverywhere(pair, sessions);
    assert.equal(await allSignatures(pair), before, "the key server signed nothing");
    const { edges } = await poll("both reports", async () => {
      const status = await pair.api.get<TicketStatus>("/v1/tickets");
      return status.edges.filter(({ reportedAt }) => reportedAt !== null).length === 2 && status;
    });
    assert.deepEqual(edges.map(({ edge }) => edge).sort(), [edgeIdentity("pop1"), edgeIdentity("pop2")]);
    await pair.system.keyServer.kill();
    await resumesEverywhere(pair, sessions);
  });
});

Deno.test("edges whose names are in no ticket domain do not open each other's tickets", async () => {
  await withPair(async ({ system, a, b }) => {
    const session = await poll("a session that resumes at A", async () => {
      const fetched = await OpensslSession.fetch(a, "1.3", system.installation.file("session.pem"));
      return (await fetched.resume(a)).resumed && fetched;
    });
    const { resumed, verified, output } = await session.resume(b);
    assert.deepEqual([resumed, verified], [false, true], output);
  }, { share: false });
});

Deno.test("the worker that speaks for an edge may be killed, and the whole edge: sessions resume there once it is back", async () => {
  await withPair(async (pair) => {
    const session = await pair.carryOver("1.3");
    const { records } = pair.edgeB;
    const speaker = Number(records.findLast(({ event }) => event === "control-speaker")?.worker);
    assert.ok(speaker > 0);
    Deno.kill(speaker, "SIGKILL");
    await pair.edgeB.record(
      "the crash",
      ({ event, worker }) => event === "worker-crashed" && Number(worker) === speaker,
    );
    await poll("resumption at B", async () => (await session.resume(pair.b)).resumed);
    await resumesEverywhere(pair, [session]);
    await pair.edgeB.kill();
    await pair.edgeB.restart();
    await pair.edgeB.ready();
    await poll(
      "resumption at the edge that was started again",
      async () => (await session.resume(pair.b)).resumed,
      30_000,
    );
    await resumesEverywhere(pair, [session, await pair.carryOver("1.2")]);
  });
});

Deno.test("an edge that is thrown out ends every key: sessions begin anew, and resume again in the new epoch", async () => {
  await withPair(async (pair) => {
    const { api } = pair;
    const session = await pair.carryOver("1.3");
    const cost = await api.post<RevokedTicketEdge>("/v1/tickets/revoke-edge", {
      edge: edgeIdentity("pop2"),
      revoke: true,
    });
    assert.equal(cost.domains[0]!.edges, 1);
    await poll("the end of A's keys", async () => !(await session.resume(pair.a)).resumed);
    await poll("a session of the new epoch", async () => {
      const file = pair.system.installation.file("new.pem");
      return (await (await OpensslSession.fetch(pair.a, "1.3", file)).resume(pair.a)).resumed;
    }, 30_000);
  });
});

Deno.test("edges of two key servers share keys through the broker; broker and key server may go, and come back", async () => {
  await using broker = await Broker.start();
  const { servers: [server], certificate, privateKey, ca } = broker.config();
  const nats = { servers: [formatAddress(server!)], certificate, private_key: privateKey, ca };
  let replica: ProductProcess | undefined;
  const beforeEdgeB = async ({ installation }: System) => {
    await writeIdentity(installation.folder, "follower", await installation.pki.edgeIdentity(follower));
    const follow = {
      address: formatAddress(installation.address("keyServer")),
      name: keyServerName,
      ca: "key-server-ca.pem",
      certificate: "follower.pem",
      private_key: "follower.key",
    };
    const patch = { registry: { path: "replica.sqlite", follow }, ticket_hub: { nats } };
    replica = await installation.startKeyServer({ index: 1, patch });
  };
  const edgeB = ({ installation }: System) => ({ key_server: [installation.keyServerEntry(1)] });
  try {
    await withPair(async (pair) => {
      const sessions = [await pair.carryOver("1.3"), await pair.carryOver("1.2")];
      await broker.kill();
      await resumesEverywhere(pair, sessions);
      await replica!.kill();
      await resumesEverywhere(pair, sessions);
      await broker.run();
      await replica!.restart();
      await replica!.ready();
      await pair.api.post("/v1/tickets/rotate", {});
      const { keyName } = sessions[0]!;
      await poll("a session under a new key, carried over", async () => {
        const session = await pair.carryOver("1.3");
        return session.keyName !== keyName;
      }, 60_000);
      await resumesEverywhere(pair, sessions);
    }, { keyServer: { ticket_hub: { nats } }, beforeEdgeB, edgeB });
  } finally {
    await replica?.[Symbol.asyncDispose]();
  }
});
