import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { runCommand } from "../harness/command.ts";
import { greeting } from "../harness/http_backend.ts";
import { poll } from "../harness/poll.ts";
import type { ProductProcess } from "../harness/processes/product_process.ts";
import { type System, withSystem } from "../harness/system.ts";
import { OpensslSession } from "./openssl_session.ts";

const keys = [{ name: "www-ecdsa", type: "ecdsa-p256" }] as const;
const versions = ["1.3", "1.2"] as const;
const frontDoor = fileURLToPath(new URL("../../holdfast", import.meta.url));

async function workersOf(edge: ProductProcess): Promise<number[]> {
  const { checks } = JSON.parse((await edge.admin("/readyz")).body);
  return Object.values(checks as Record<string, { pid: number }>).map(({ pid }) => pid).toSorted();
}

async function signatures(system: System): Promise<number> {
  return await system.signatures("sign-tls13") + await system.signatures("sign-tls12");
}

/** Resumes until each of the edge's workers has done so; none may ask the key server for anything. */
async function resumesOnEveryWorker(system: System, session: OpensslSession): Promise<void> {
  const before = await signatures(system);
  const wanted = await workersOf(system.edge);
  const from = system.edge.records.length;
  const served = new Set<unknown>();
  for (let tries = 0; tries < 60 && !wanted.every((pid) => served.has(pid)); tries++) {
    const { resumed, response, output } = await session.resume(system.endpoint);
    assert(resumed, output);
    assert(response.endsWith(greeting), output);
    for (const { event, pid, resumed } of system.edge.records.slice(from)) {
      if (event === "handshake" && resumed === true) served.add(pid);
    }
  }
  assert(wanted.every((pid) => served.has(pid)), `of workers ${wanted} only ${[...served]} resumed`);
  assert.equal(await signatures(system), before, "a resumption cost a signature");
}

Deno.test("S11: a client resumes on any worker, after each worker's death and after a reload, without a signature", async (t) => {
  await withSystem({ keys, edge: { workers: 2 } }, async (system) => {
    const { edge, installation } = system;
    const sessions: OpensslSession[] = [];
    for (const version of versions) {
      const file = installation.file(`session-${version}.pem`);
      sessions.push(await OpensslSession.fetch(system.endpoint, version, file));
    }
    assert.equal(await signatures(system), 2);
    const resumes = async () => {
      for (const session of sessions) await resumesOnEveryWorker(system, session);
    };

    await t.step("on either worker", resumes);

    for (const [index, victim] of (await workersOf(edge)).entries()) {
      // One of them owns the set; with both killed, one after the other, nobody is left who made it.
      await t.step(`S1: after kill -9 of worker ${index}, on the other and on its successor`, async () => {
        Deno.kill(victim, "SIGKILL");
        await poll("the successor", async () => {
          const workers = await workersOf(edge);
          return workers.length === 2 && !workers.includes(victim) &&
            (await edge.admin("/readyz")).status === 200;
        });
        await resumes();
      });
    }

    await t.step("after a reload", async () => {
      const old = await workersOf(edge);
      edge.signal("SIGHUP");
      await edge.record("reload", ({ event }) => event === "edge-reloaded");
      const workers = await workersOf(edge);
      assert(workers.every((pid) => !old.includes(pid)));
      await resumes();
    });

    await t.step("metrics tell of one set of keys and of every ticket", async () => {
      assert.equal(await edge.metric("holdfast_edge_ticket_keys", { state: "sealing" }), 1);
      assert.equal(await edge.metric("holdfast_edge_ticket_keys"), 1);
      assert(await edge.metric("holdfast_edge_tickets_resumed_total") > 0);
      assert(await edge.metric("holdfast_edge_tickets_issued_total") > 0);
      assert.equal(await edge.metric("holdfast_edge_tickets_refused_total"), 0);
      assert(!edge.records.some(({ event }) => event === "pool-leak"), "the old workers kept blocks");
    });

    await t.step("but not once the site's resumption epoch is raised", async () => {
      const file = installation.file("edge-pop1-0.toml");
      const config = await Deno.readTextFile(file);
      await Deno.writeTextFile(file, config.replace("[[site]]\n", "[[site]]\nresumption_epoch = 1\n"));
      const reloads = () => edge.records.filter(({ event }) => event === "edge-reloaded").length;
      const before = reloads();
      edge.signal("SIGHUP");
      await poll("the reload", () => reloads() > before);
      for (const session of sessions) {
        const { verified, resumed, output } = await session.resume(system.endpoint);
        assert(verified && !resumed, output);
      }
    });
  });
});

Deno.test("L7: a ticket with one byte flipped, wherever, gives a full handshake and no alert", async (t) => {
  await withSystem({ keys }, async (system) => {
    const { edge, installation } = system;
    for (const version of versions) {
      await t.step(`TLS ${version}`, async () => {
        const file = installation.file("session.pem");
        const session = await OpensslSession.fetch(system.endpoint, version, file);
        const { length } = session.ticket;
        const positions = new Set([0, 15, 16, 27, 28, length - 17, length - 16, length - 1]);
        for (let index = 3; index < length; index += 11) positions.add(index);
        const before = await signatures(system);
        const refusedBefore = await edge.metric("holdfast_edge_tickets_refused_total");
        for (const index of positions) {
          const flipped = await session.withFlippedByte(index, installation.file("flipped.pem"));
          const { verified, resumed, alert, output } = await flipped.resume(system.endpoint);
          assert(verified && !resumed, `byte ${index}: ${output}`);
          assert.equal(alert, undefined, output);
        }
        assert.equal(await signatures(system), before + positions.size);
        const refused = await edge.metric("holdfast_edge_tickets_refused_total");
        assert.equal(refused, refusedBefore + positions.size);
        assert((await session.resume(system.endpoint)).resumed, "the ticket itself is good");
      });
    }
  });
});

Deno.test("L10, S12: keys rotate while the workers live; an old ticket resumes and is replaced by one of the current key", async () => {
  const tickets = { new_key_every_s: 3, key_waits_for_s: 1, key_opens_for_s: 60, lifetime_s: 57 };
  await withSystem({ keys, edge: { workers: 2, tickets } }, async (system) => {
    const { endpoint, installation, edge } = system;
    const workers = await workersOf(edge);
    const first = await OpensslSession.fetch(endpoint, "1.3", installation.file("first.pem"));
    const renewed = installation.file("renewed.pem");
    const session = await poll("a ticket of another key", async () => {
      const { resumed, output } = await first.resume(endpoint, renewed);
      assert(resumed, output);
      const session = await OpensslSession.read(renewed, "1.3");
      return session.keyName !== first.keyName && session;
    });
    await resumesOnEveryWorker(system, session);
    await resumesOnEveryWorker(system, first);
    assert.deepEqual(await workersOf(edge), workers);
    assert.equal(await signatures(system), 1);
  });
});

Deno.test("L4: past its lifetime a ticket gives a full handshake", async () => {
  const tickets = { lifetime_s: 2 };
  await withSystem({ keys, edge: { tickets } }, async (system) => {
    for (const version of versions) {
      const file = system.installation.file("session.pem");
      const session = await OpensslSession.fetch(system.endpoint, version, file);
      // OpenSSL's client does not offer a TLS 1.3 ticket that it knows to be over: no answer is resumed either way.
      const { verified, alert, output } = await poll("the ticket's end", async () => {
        const result = await session.resume(system.endpoint);
        return !result.resumed && result;
      });
      assert(verified && alert === undefined, output);
    }
  });
});

Deno.test("L6, L8: edges with the same key files resume each other's sessions, and follow a rotation of the files", async (t) => {
  for (const format of ["nginx", "haproxy"] as const) {
    await t.step(format, async () => {
      await withSystem({ keys, edge: { tickets: { source: "off" } } }, async (system) => {
        const { installation } = system;
        const rotate = await keyFiles(installation.file("."), format);
        const tickets = { source: "files", format, files: rotate.files };
        await using edgeA = await installation.startEdge({ patch: { tickets }, index: 1 });
        await using edgeB = await installation.startEdge({ patch: { tickets, workers: 2 }, index: 2 });
        const [atA, atB] = [1, 2].map((index) => ({
          ...system.endpoint,
          ...installation.address("edge", index),
        })) as [typeof system.endpoint, typeof system.endpoint];
        const session = await OpensslSession.fetch(atA, "1.3", installation.file("files.pem"));
        const check = () =>
          runCommand(frontDoor, ["edge", "--check", "--config", installation.file("edge-pop1-1.toml")]);
        assert.equal((await check()).code, 0);
        assert((await session.resume(atB)).resumed, "L6: not at the other edge");
        assert(!(await session.resume(system.endpoint)).resumed, "tickets are off there");
        assert.equal(await system.signatures(), 2);
        await rotate.renew();
        const renewed = installation.file("files-renewed.pem");
        await poll("a ticket of the new key", async () => {
          const { resumed, output } = await session.resume(atB, renewed);
          assert(resumed, output);
          return (await OpensslSession.read(renewed, "1.3")).keyName !== session.keyName;
        });
        const latest = await OpensslSession.read(renewed, "1.3");
        await poll("the new key at the other edge", async () => (await latest.resume(atA)).resumed);
        await Deno.writeFile(rotate.files[0]!, new Uint8Array(80));
        for (const edge of [edgeA, edgeB]) {
          await edge.record("refusal", ({ event }) => event === "ticket-keys-refused");
        }
        const { code, stderr } = await check();
        assert.equal(code, 1);
        assert.match(
          stderr,
          /Cannot take ticket keys from .*: (its key is all zeros|line 1: it is not base64)/,
        );
        assert((await latest.resume(atA)).resumed, "the keys from before the bad file are gone");
      });
    });
  }
});

/** Key files in `folder`, and their renewal: the key that sealed opens from then on. */
async function keyFiles(folder: string, format: "nginx" | "haproxy") {
  const fresh = () => crypto.getRandomValues(new Uint8Array(80));
  const put = async (path: string, content: Uint8Array) => {
    await Deno.writeFile(`${path}.new`, content, { mode: 0o600 });
    await Deno.rename(`${path}.new`, path);
  };
  if (format === "nginx") {
    const files = [`${folder}/ticket.key`, `${folder}/ticket.previous.key`];
    const entries = [fresh(), fresh()];
    const write = async () => {
      // The one that opens first: no ticket may bear a name that is nowhere.
      await put(files[1]!, entries[1]!);
      await put(files[0]!, entries[0]!);
    };
    await write();
    return { files, renew: () => (entries.unshift(fresh()), write()) };
  }
  const files = [`${folder}/ticket.keys`];
  const lines = [fresh(), fresh(), fresh()].map((key) => key.toBase64());
  const write = () => put(files[0]!, new TextEncoder().encode(`${lines.join("\n")}\n`));
  await write();
  return { files, renew: () => (lines.push(fresh().toBase64()), write()) };
}
