import assert from "node:assert/strict";
import { ApiClient } from "../../key-server/admin/client/api_client.ts";
import { ControlSpeaker } from "../../edge-terminator/control/control_speaker.ts";
import { ServedNames } from "../../edge-terminator/control/served_names.ts";
import { HubSpeaker } from "../../edge-terminator/ticket_keys/hub/hub_speaker.ts";
import { ticketKeySchedule } from "../../edge-terminator/ticket_keys/schedule.ts";
import { SharedTicketKeys } from "../../edge-terminator/ticket_keys/sharing/shared_ticket_keys.ts";
import { defaultTicketDomain } from "../../edge-terminator/tls/tickets/ticket_key_provider.ts";
import { LockedPool } from "../../shared/memory/locked_pool.ts";
import type { ConfigTable } from "../harness/config_patch.ts";
import { keyServerName } from "../harness/identities.ts";
import { poll } from "../harness/poll.ts";
import { canLookInside } from "../harness/proc/inspect.ts";
import { type System, withSystem } from "../harness/system.ts";
import type { NamedSecret } from "./audit/named_secret.ts";
import { complaints, processesOf, search } from "./audit/search.ts";

const edge: ConfigTable = {
  workers: 2,
  tickets: { source: "hub", edge_ca: "edge-ca.pem" },
  memory: { backing: "mlock" },
};

/** One more edge, in this process: what it is given it may look at. */
async function withMember(
  { installation }: System,
  run: (keys: SharedTicketKeys) => Promise<void>,
): Promise<void> {
  using stack = new DisposableStack();
  const pool = stack.use(LockedPool.open({ totalBytes: 64 * 256 }));
  const keys = stack.use(
    new SharedTicketKeys({ pool, post: { join: () => {}, send: () => {} }, waitsForOthers: true }),
  );
  keys.takeRoster({ self: 1, members: [{ id: 1, publicKey: new Uint8Array(32) }] });
  const identity = {
    certificate: installation.file("edge-pop1.pem"),
    privateKey: installation.file("edge-pop1.key"),
  };
  const instance = "ab".repeat(16);
  const tickets = stack.use(
    await HubSpeaker.open({
      pool,
      keys,
      instance,
      identity,
      schedule: ticketKeySchedule(),
      edgeCa: installation.file("edge-ca.pem"),
      say: (source, message) => speaker.sayOfTickets(source, message),
      counts: () => ({ issued: 0, resumed: 0, refused: 0 }),
      log: { warn: () => {} },
    }),
  );
  const speaker = new ControlSpeaker({
    keyServers: [{
      address: installation.address("keyServer"),
      name: keyServerName,
      ca: installation.file("key-server-ca.pem"),
    }],
    identity,
    instance,
    held: new ServedNames(),
    tickets,
    updated: () => {},
    lost: () => {},
    revoked: () => {},
    report: () => {},
  });
  try {
    await run(keys);
  } finally {
    await speaker.close();
  }
}

Deno.test({
  name:
    "ticket keys of an edge, and of others, stand in its workers' locked memory only, and nowhere at their hub",
  ignore: !canLookInside,
  fn: () =>
    withSystem({
      keys: [{ name: "www-ecdsa", type: "ecdsa-p256" }],
      certificates: "pushed",
      keyServer: { registry: { path: "registry.sqlite" }, admin_api: { unix: "admin.sock" } },
      edge,
    }, async (system) => {
      const api = await ApiClient.open({ socket: system.installation.file("admin.sock") });
      await api.post("/v1/ticket-domains", { name: defaultTicketDomain });
      await withMember(system, async (keys) => {
        await poll("the edge's key", () => Promise.resolve(keys.status().some(({ isOwn }) => !isOwn)));
        await poll("that it has ours", () => Promise.resolve(keys.sealingKey(defaultTicketDomain)));
        const secrets = keys.status().map(({ name, isOwn }, index): NamedSecret => ({
          name: `key ${index} of ${isOwn ? "another edge" : "the edge's own"}`,
          bytes: keys.openingKey(name, defaultTicketDomain)!.secret.bytes.slice(),
          aead: "aes-256-gcm",
          isKept: true,
        }));
        assert(secrets.length >= 2);
        const [, ...workers] = await processesOf(system.edge.pid);
        assert.equal(workers.length, 2);
        for (const worker of workers) {
          const found = await search([worker], secrets);
          assert.deepEqual(complaints(found, secrets, { canReadLocked: true, isStrict: true }), []);
        }
        const others = await search([system.edge.pid, system.keyServer.pid], secrets);
        assert.deepEqual(others.sightings, []);
      });
    }),
});
