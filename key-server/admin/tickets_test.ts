import assert from "node:assert/strict";
import type { TicketReport } from "../../shared/control_protocol/ticket_messages.ts";
import { edgeEntity, permissionEntity, pop1, put } from "../registry/testing/entities.ts";
import { edgeUri, ScriptedEdge } from "../ticket_hub/testing/hub_stage.ts";
import { AdminSetup, site } from "./testing/admin_setup.ts";
import { withCli } from "./testing/cli.ts";

const pop2 = edgeUri("pop2");
const keyName = (number: number) => new Uint8Array(16).fill(number).toBase64();

function report(keys: readonly number[], counts: Partial<TicketReport> = {}): TicketReport {
  return {
    type: "ticket-report",
    domains: [{
      domain: "public",
      epoch: 1,
      keys: keys.map((key) => ({
        name: keyName(key),
        state: key % 2 === 1 ? "sealing" as const : "opening" as const,
        age: 3_900_000,
        acknowledged: 1,
        members: 1,
      })),
      foreignKeys: 2,
    }],
    issued: 10,
    resumed: 30,
    refused: 10,
    ...counts,
  };
}

/** A site in the domain "public", and two edges that serve it and have reported. */
function stageEdges(setup: AdminSetup): readonly [ScriptedEdge, ScriptedEdge] {
  const name = setup.registry.state.get("name", site)!;
  put(
    setup.registry,
    { kind: "ticket-domain", put: { name: "public", epoch: 1 } },
    { kind: "name", put: { ...name, ticketDomain: "public" } },
    { kind: "permission", put: permissionEntity("pop2-www", { name: site, subject: { edge: pop2 } }) },
  );
  const edges = [
    new ScriptedEdge("pop1", 1, setup.tickets).join(),
    new ScriptedEdge("pop2", 2, setup.tickets).join(),
  ] as const;
  setup.tickets.received(edges[0], report([1, 2]));
  setup.tickets.received(edges[1], report([3], { issued: 7, resumed: 0, refused: 0 }));
  return edges;
}

const epochOf = ({ registry }: AdminSetup) => registry.state.get("ticket-domain", "public")!.epoch;

Deno.test("the status has each edge's keys by name, age, state and acknowledgements, and how often sessions resume", async () => {
  const setup = await AdminSetup.create();
  using _hub = setup.tickets;
  stageEdges(setup);
  const { body } = await setup.call("viewer", "GET", "/v1/tickets");
  assert.deepEqual(body.domains, [{ name: "public", epoch: 1, names: [site], edges: 2 }]);
  const [first, second] = body.edges;
  assert.equal(first.edge, pop1);
  assert.equal(first.resumptionRate, 0.75);
  assert.equal(second.resumptionRate, null);
  assert.equal(first.keys[0].name, "01".repeat(16));
  assert.ok(first.keys[0].age >= 3_900_000);
  assert.deepEqual(
    first.keys.map((
      { state, acknowledged, members }: Record<string, unknown>,
    ) => [state, acknowledged, members]),
    [["sealing", 1, 1], ["opening", 1, 1]],
  );
});

Deno.test("rotate tells the connected edges of one domain, or of all", async () => {
  const setup = await AdminSetup.create();
  using _hub = setup.tickets;
  const [one, other] = stageEdges(setup);
  const { body } = await setup.call("operator", "POST", "/v1/tickets/rotate", {});
  assert.deepEqual(body.domains, [{ name: "public", edges: 2 }]);
  for (const { received } of [one, other]) {
    assert.ok(received.some((message) => message.type === "ticket-rotate" && message.domain === "public"));
  }
  assert.equal((await setup.call("operator", "POST", "/v1/tickets/rotate", { domain: "none" })).status, 404);
});

Deno.test("an edge that may still serve the domain's names is not thrown out unless it is revoked with it", async () => {
  const setup = await AdminSetup.create();
  using _hub = setup.tickets;
  const [one] = stageEdges(setup);
  const refused = await setup.call("admin", "POST", "/v1/tickets/revoke-edge", { edge: pop2 });
  assert.equal(refused.status, 409);
  assert.match(refused.body.detail, /would take part in the new epoch/);
  assert.equal(epochOf(setup), 1, "nothing has changed");
  const body = { edge: pop2, revoke: true, reason: "broken into" };
  const answer = await setup.call("admin", "POST", "/v1/tickets/revoke-edge", body);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.equal(setup.registry.state.get("edge", pop2)?.state, "revoked");
  assert.equal(setup.registry.state.get("edge", pop2)?.reason, "broken into");
  const [domain] = answer.body.domains;
  assert.deepEqual(
    { ...domain, epoch: undefined },
    { name: "public", epoch: undefined, keysEnded: 3, edges: 1, edgesWithoutReport: 0 },
  );
  assert.equal(domain.epoch, epochOf(setup));
  assert.ok(domain.epoch > 1);
  assert.equal(answer.body.ticketsIssued, 17);
  await one.sees("public");
  assert.equal(one.roster("public")?.epoch, domain.epoch, "in the same transaction");
});

Deno.test("an edge that was revoked or denied before is thrown out of the domains that it had been permitted", async () => {
  for (
    const end of [
      { kind: "edge", put: edgeEntity(pop2, { state: "revoked" }) },
      {
        kind: "permission",
        put: permissionEntity("no", { effect: "deny", name: site, subject: { edge: pop2 } }),
      },
    ] as const
  ) {
    const setup = await AdminSetup.create();
    using _hub = setup.tickets;
    stageEdges(setup);
    put(setup.registry, end);
    const answer = await setup.call("admin", "POST", "/v1/tickets/revoke-edge", { edge: pop2 });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.equal(epochOf(setup), answer.body.domains[0].epoch);
  }
});

Deno.test("two edges that are thrown out in one second begin two epochs", async () => {
  const setup = await AdminSetup.create();
  using _hub = setup.tickets;
  stageEdges(setup);
  const throwOut = async (edge: string) =>
    (await setup.call("admin", "POST", "/v1/tickets/revoke-edge", { edge, revoke: true })).body.domains[0]
      .epoch;
  const first = await throwOut(pop2);
  assert.ok(await throwOut(pop1) > first);
});

Deno.test("an edge of which nothing is known needs the domain named", async () => {
  const setup = await AdminSetup.create();
  using _hub = setup.tickets;
  stageEdges(setup);
  const edge = edgeUri("unknown");
  assert.equal((await setup.call("admin", "POST", "/v1/tickets/revoke-edge", { edge })).status, 404);
  const named = await setup.call("admin", "POST", "/v1/tickets/revoke-edge", { edge, domain: "public" });
  assert.equal(named.status, 200);
});

Deno.test("a restored backup begins no epoch a second time", async () => {
  const setup = await AdminSetup.create();
  using _hub = setup.tickets;
  stageEdges(setup);
  const backup = setup.registry.snapshot();
  await setup.call("admin", "POST", "/v1/tickets/revoke-edge", { edge: pop2, revoke: true });
  const epoch = epochOf(setup);
  assert.equal((await setup.call("admin", "POST", "/v1/restore", backup)).status, 200);
  assert.equal(epochOf(setup), epoch);
  const name = setup.registry.state.get("name", site)!;
  const { ticketDomain: _, ...rest } = name;
  put(setup.registry, { kind: "name", put: rest }, { kind: "ticket-domain", remove: "public" });
  assert.equal((await setup.call("admin", "POST", "/v1/restore", backup)).status, 200);
  assert.ok(epochOf(setup) >= epoch, "of a domain that was deleted, too");
});

Deno.test("the CLI creates domains, assigns names, rotates, throws out, and never prints a key", async () => {
  await withCli(async ({ holdfast, setup }) => {
    using _hub = setup.tickets;
    assert.equal((await holdfast(["tickets", "domains", "create", "shop"])).code, 0);
    assert.equal((await holdfast(["tickets", "domains", "create", "shop"])).code, 5);
    assert.equal((await holdfast(["tickets", "domains", "assign", site, "shop"])).code, 0);
    assert.equal(setup.registry.state.get("name", site)?.ticketDomain, "shop");
    assert.equal((await holdfast(["tickets", "domains", "delete", "shop", "--yes"])).code, 5);
    assert.equal((await holdfast(["tickets", "domains", "assign", site])).code, 0);
    assert.equal((await holdfast(["tickets", "domains", "delete", "shop", "--yes"])).code, 0);
    assert.equal((await holdfast(["tickets", "domains", "assign", site, "shop"])).code, 4);
    stageEdges(setup);
    const status = await holdfast(["tickets", "status"]);
    assert.equal(status.code, 0, status.stderr);
    assert.match(status.stdout, /pop1 +0{8} +yes .* 75\.0 %/);
    assert.match(status.stdout, /010101010101 .* public .* sealing +1h 5m +1 of 1/);
    assert.doesNotMatch(status.stdout, /undefined|NaN/);
    assert.match((await holdfast(["tickets", "rotate", "public"])).stdout, /public: 2 connected edges/);
    assert.equal((await holdfast(["tickets", "revoke-edge", pop2])).code, 7);
    assert.equal((await holdfast(["tickets", "revoke-edge", pop2, "--yes"])).code, 5);
    const thrown = await holdfast(["tickets", "revoke-edge", pop2, "--revoke", "--yes"]);
    assert.match(thrown.stdout, /3 keys ended; 1 edges begin anew\nat most 17 tickets resume no more/);
    const completed = await holdfast(["__complete", "--", "tickets", "rotate", "p"]);
    assert.match(completed.stdout, /public/);
  });
});

Deno.test("a broker that is away is a problem in both statuses", async () => {
  const status = { domains: [], members: [], problem: "nobody listens there" };
  const setup = await AdminSetup.create({ tickets: { status, rotate: () => {} } });
  using _hub = setup.tickets;
  assert.equal((await setup.call("viewer", "GET", "/v1/tickets")).body.problem, "nobody listens there");
  const { healthy, problems } = (await setup.call("viewer", "GET", "/v1/status")).body;
  assert.equal(healthy, false);
  assert.match(problems.join(), /the broker .* cannot be used: nobody listens there/);
});
