import assert from "node:assert/strict";
import { greeting } from "../harness/http_backend.ts";
import type { ConfigTable } from "../harness/config_patch.ts";
import { poll } from "../harness/poll.ts";
import type { ProductProcess } from "../harness/processes/product_process.ts";
import type { System } from "../harness/system.ts";
import { endpointsOf, withTwoEdges } from "../harness/two_edges.ts";
import { OpensslSession } from "./openssl_session.ts";

const hub: ConfigTable = { workers: 2, tickets: { source: "hub", edge_ca: "edge-ca.pem" } };

/** A session of either version, as soon as tickets are issued there. */
async function sessionAt(system: System, edge: 0 | 1, version: "1.2" | "1.3"): Promise<OpensslSession> {
  const file = system.installation.file(`session-${edge}-${version}.pem`);
  return await poll("a ticket", async () => {
    try {
      return await OpensslSession.fetch(endpointsOf(system)[edge], version, file);
    } catch {
      return undefined;
    }
  });
}

async function resumesAt(system: System, edge: 0 | 1, session: OpensslSession): Promise<void> {
  const before = await system.signatures("sign-tls13") + await system.signatures("sign-tls12");
  // Whichever of the two workers it comes to.
  for (let tries = 0; tries < 6; tries++) {
    const { resumed, response, output } = await session.resume(endpointsOf(system)[edge]);
    assert(resumed, output);
    assert(response.endsWith(greeting), output);
  }
  assert.equal(await system.signatures("sign-tls13") + await system.signatures("sign-tls12"), before);
}

async function workersOf(edge: ProductProcess): Promise<number[]> {
  const { checks } = JSON.parse((await edge.admin("/readyz")).body);
  return Object.values(checks as Record<string, { pid: number }>).flatMap(({ pid }) => pid ?? []);
}

Deno.test("L6, L8, S1: a client resumes at the other edge, either way, and after whoever speaks for an edge was killed", async () => {
  await withTwoEdges(hub, async (system, second) => {
    await poll("each edge has the other's key", async () => {
      const held = await Promise.all(
        [system.edge, second].map((edge) => edge.metric("holdfast_edge_ticket_keys_of_others")),
      );
      return held.every((keys) => keys >= 1);
    });
    const sessions: OpensslSession[] = [];
    for (const version of ["1.3", "1.2"] as const) {
      const there = await sessionAt(system, 0, version);
      await resumesAt(system, 1, there);
      const back = await sessionAt(system, 1, version);
      await resumesAt(system, 0, back);
      sessions.push(there);
    }
    for (const victim of await workersOf(second)) {
      Deno.kill(victim, "SIGKILL");
      await poll("the successor", async () => {
        const workers = await workersOf(second);
        return workers.length === 2 && !workers.includes(victim);
      });
      for (const session of sessions) await resumesAt(system, 1, session);
    }
  });
});
