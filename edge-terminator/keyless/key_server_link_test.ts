import assert from "node:assert/strict";
import { writeIdentity } from "../../certs/write.ts";
import { DevelopmentPki } from "../../certs/dev_pki.ts";
import { poll } from "../../test/harness/poll.ts";
import type { ChannelErrorCode } from "./errors.ts";
import { defaultLinkTiming } from "./link_timing.ts";
import { KeylessTestPki, type ScriptedKeyServerOptions } from "./scripted_key_server.ts";
import { expectedSignature } from "./test_requests.ts";
import { fails, quick, silent, Stage } from "./test_stage.ts";

/** The edge must not connect, for the stated reason. */
async function refuses(
  code: ChannelErrorCode,
  prepare: (pki: KeylessTestPki) => Promise<ScriptedKeyServerOptions>,
): Promise<Stage> {
  const pki = await KeylessTestPki.create();
  const stage = await Stage.set([await prepare(pki)], { timing: quick }, pki);
  await poll("refusal", () => stage.closed.length > 1);
  assert.deepEqual(new Set(stage.closed), new Set([code]));
  assert.deepEqual(stage.opened, []);
  assert.equal(stage.server(0).requests.filter(({ operation }) => operation !== "ping").length, 0);
  return stage;
}

Deno.test("a key server whose certificate has another name is not spoken to", async () => {
  await using stage = await refuses("connect-failed", async ({ pki }) => ({
    identity: await pki.keyServerIdentity("other.holdfast.test"),
  }));
  assert.equal(stage.server(0).requests.length, 0);
});

Deno.test("a key server of another authority is not spoken to", async () => {
  await using stage = await refuses("connect-failed", async () => ({
    identity: await (await DevelopmentPki.create()).keyServerIdentity("key-server-0.holdfast.test"),
  }));
  assert.equal(stage.server(0).requests.length, 0);
});

Deno.test("an edge's certificate does not make a key server", async () => {
  await using _stage = await refuses(
    "connect-failed",
    ({ pki }) =>
      pki.edgeIdentity("spiffe://x/y", { dnsNames: ["key-server-0.holdfast.test"] }).then((identity) => ({
        identity,
      })),
  );
});

Deno.test("a key server whose certificate has expired is not spoken to", async () => {
  await using _stage = await refuses("connect-failed", async ({ pki }) => ({
    identity: await pki.keyServerIdentity("key-server-0.holdfast.test", {
      notBefore: new Date(Date.now() - 20_000),
      notAfter: new Date(Date.now() - 10_000),
    }),
  }));
});

Deno.test("a peer that negotiates no ALPN is closed before anything is asked of it", async () => {
  await using stage = await refuses("alpn-missing", () => Promise.resolve({ alpnProtocols: [] }));
  assert.equal(stage.server(0).requests.length, 0);
});

Deno.test("a peer that speaks another protocol is not spoken to", async () => {
  await using _stage = await refuses(
    "edge-refused",
    () => Promise.resolve({ alpnProtocols: ["holdfast/2"] }),
  );
});

Deno.test("an edge that the key server refuses is never connected, although TLS 1.3 shows it an open connection", async () => {
  await using _stage = await refuses("edge-refused", async (test) => {
    const stranger = await (await DevelopmentPki.create()).edgeIdentity("spiffe://holdfast.test/edge/pop1");
    await writeIdentity(test.folder.path, "edge", stranger);
    return {};
  });
});

Deno.test("an identity that has expired, or does not fit together, connects nowhere", async () => {
  await using expired = await refuses("identity-unusable", async (test) => {
    await test.renewEdge({
      notBefore: new Date(Date.now() - 20_000),
      notAfter: new Date(Date.now() - 10_000),
    });
    return {};
  });
  assert.equal(expired.server(0).accepted, 0);
  await using mixed = await refuses("identity-unusable", async (test) => {
    const { certificate } = test.identity;
    const former = await Deno.readTextFile(certificate);
    await test.renewEdge();
    await Deno.writeTextFile(certificate, former);
    return {};
  });
  assert.equal(mixed.server(0).accepted, 0);
  assert.match(mixed.signer.health()[0]?.lastError ?? "", /is not the key of/);
});

Deno.test("a key server that falls silent is given up, and its requests go elsewhere within their deadline", async () => {
  await using stage = await Stage.set([{}, {}], { timing: quick });
  await stage.connected();
  stage.server(0).script = () => {};
  assert.deepEqual(await stage.sign("x", 60_000), expectedSignature("x"));
  assert.deepEqual(stage.closed.slice(0, 1), ["silent"]);
  assert.deepEqual(stage.attempts, ["key-server-0 connection-lost", "key-server-1 ok"]);
});

Deno.test("a key server that answers pings, however late its signatures, is not silent", async () => {
  await using stage = await Stage.set([{ script: silent }], { timing: quick });
  await stage.connected();
  await assert.rejects(stage.sign("slow", quick.tick * 8), fails("deadline-passed"));
  assert.deepEqual(stage.closed, []);
});

Deno.test("health tells the round trip of a ping, and why a key server is not there", async () => {
  await using stage = await Stage.set([{}, { down: true }], { timing: quick });
  await stage.connected(1);
  await poll("refusal", () => stage.closed.length > 0);
  const [up, down] = stage.signer.health();
  assert.ok(up?.connected && up.roundTrip! > 0 && up.breaker === "closed" && up.lastError === undefined);
  assert.ok(up.endsAt! > Date.now());
  assert.ok(!down?.connected && down?.roundTrip === undefined);
  assert.match(down?.lastError ?? "", /ECONNREFUSED/);
});

Deno.test("an outage is told when it begins and when its reason changes, not at each attempt", async () => {
  const pki = await KeylessTestPki.create();
  await using stage = await Stage.set([{}], { timing: { ...quick, reportPause: 60_000 } }, pki);
  await stage.connected();
  await stage.server(0).stop();
  await poll("notice", () => stage.closed.length === 2);
  const refusals = stage.signer.health()[0]?.lastError;
  await assert.rejects(stage.sign("meanwhile", quick.reconnect.maximum * 5), fails("no-key-server"));
  assert.match(refusals ?? "", /ECONNREFUSED/);
  await Deno.remove(pki.identity.certificate);
  await poll("new reason", () => stage.closed.length === 3);
  assert.deepEqual(stage.closed, ["closed-by-key-server", "connect-failed", "identity-unusable"]);
});

Deno.test("a key server is found again within 2 s of its return, however long it was away", async () => {
  await using stage = await Stage.set([{}], { timing: { ...defaultLinkTiming, reportPause: 0 } });
  await stage.connected();
  await stage.server(0).stop();
  // Long enough for the delays to have grown to their maximum.
  await poll("attempts", () => stage.closed.length > 8);
  await stage.server(0).start();
  assert.deepEqual(await stage.sign("back", 2000), expectedSignature("back"));
});

Deno.test("a key server whose host swallows packets is given up after the connect timeout, and tried again", async () => {
  const timing = { ...quick, connectTimeout: 60 };
  await using stage = await Stage.set([{ script: () => {} }], { timing });
  await poll("attempts", () => stage.closed.length > 2);
  assert.deepEqual(new Set(stage.closed), new Set(["connect-timeout"]));
});

Deno.test("a renewed identity takes over before the old one ends, and no operation notices", async () => {
  const pki = await KeylessTestPki.create();
  await pki.renewEdge({ notAfter: secondsFromNow(3600) });
  const timing = { ...quick, successorLead: 7_200_000, successorPause: 20 };
  await using stage = await Stage.set([{}], { timing }, pki);
  await stage.connected();
  // Not renewed yet: successors that would end no later are let go.
  await poll("successors", () => stage.server(0).accepted > 2);
  assert.equal(stage.opened.length, 1);
  await pki.renewEdge({ notAfter: secondsFromNow(36_000) });
  await poll("successor", async () => {
    await stage.sign("meanwhile");
    return stage.opened.length === 2;
  });
  await poll("end of the former channel", () => stage.server(0).sockets.size === 1);
  // A successor may have read the two files between their two writes: it is let go, and the channel stays.
  assert.deepEqual(stage.closed.filter((code) => code !== "identity-unusable"), []);
  assert.ok(stage.signer.health()[0]!.endsAt! > Date.now() + 7_200_000);
});

Deno.test("a channel ends when the edge's certificate does, and a renewed one brings it back", async () => {
  const pki = await KeylessTestPki.create();
  await pki.renewEdge({ notAfter: secondsFromNow(2) });
  await using stage = await Stage.set([{}], { timing: quick }, pki);
  await stage.connected();
  await poll("end", () => stage.closed.includes("certificate-expired"));
  await poll("refusal", () => stage.closed.includes("identity-unusable"));
  await assert.rejects(stage.sign("expired", 100), fails("no-key-server"));
  await pki.renewEdge();
  assert.deepEqual(await stage.sign("renewed"), expectedSignature("renewed"));
});

Deno.test("the defaults find a key server again within 2 s even when an attempt was swallowed", () => {
  const { connectTimeout, reconnect } = defaultLinkTiming;
  assert.ok(connectTimeout + reconnect.maximum < 2000);
  assert.ok(reconnect.maximum <= 500);
});

/** X.509 counts whole seconds. */
function secondsFromNow(seconds: number): Date {
  return new Date((Math.floor(Date.now() / 1000) + seconds) * 1000);
}
