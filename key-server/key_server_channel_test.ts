import assert from "node:assert/strict";
import { connect as connectTls } from "node:tls";
import { Authority } from "../certs/authority.ts";
import { writePublic, writeSecret } from "../certs/write.ts";
import { concatenate } from "../shared/codec/concatenate.ts";
import { encodeFrame, maximumBodyLength } from "../shared/keyless_protocol/frame.ts";
import { encodeRequest } from "../shared/keyless_protocol/requests.ts";
import { runCommand } from "../test/harness/command.ts";
import { edgeIdentity } from "../test/harness/identities.ts";
import { KeyServerSetup } from "./test_setup.ts";

const ping = { operation: "ping" } as const;
const oneKey = [{ name: "www-ecdsa", type: "ecdsa-p256" }] as const;

async function refusedConnections(setup: KeyServerSetup, reason: string): Promise<number> {
  return await setup.server.metric("holdfast_key_server_connections_refused_total", { reason });
}

Deno.test("bytes that break the protocol end their own connection with a bad-request, and no other", async () => {
  await using setup = await KeyServerSetup.start({ keys: oneKey });
  const sample = encodeRequest(9, await setup.request());
  const withLength = new Uint8Array(9);
  new DataView(withLength.buffer).setUint32(0, maximumBodyLength + 1);
  const cases: [string, Uint8Array, number][] = [
    ["an oversize frame", withLength, 0],
    ["an id of 0", encodeFrame({ id: 0, kind: 1, body: new Uint8Array(0) }), 0],
    ["a body that is cut", encodeFrame({ id: 9, kind: 2, body: sample.subarray(9, -1) }), 9],
    ["a body with a byte too many", encodeFrame({ id: 9, kind: 1, body: new Uint8Array(1) }), 9],
    ["text of another protocol", new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 0],
  ];
  using bystander = await setup.dial();
  for (const [what, bytes, id] of cases) {
    using client = await setup.dial();
    await client.write(bytes);
    const answer = await client.answer(id);
    assert.equal(answer?.type === "error" && answer.code, "bad-request", what);
    assert.equal(await client.closed(), true, what);
    assert.deepEqual(await bystander.ask(ping), { type: "pong" }, what);
  }
  assert.equal(await setup.server.metric("holdfast_key_server_protocol_errors_total"), cases.length);
  await setup.server.record(
    "the protocol error",
    (r) => r.event === "protocol-error" && r.edge === edgeIdentity("pop1"),
  );
});

Deno.test("an id that is in flight already, and a stream that ends within a frame, break the protocol", async () => {
  await using setup = await KeyServerSetup.start({ keys: [{ name: "www-rsa", type: "rsa-2048" }] });
  using twice = await setup.dial();
  const frame = encodeRequest(5, await setup.request("www-rsa"));
  const both = new Uint8Array(2 * frame.length);
  both.set(frame);
  both.set(frame, frame.length);
  await twice.write(both);
  const answer = await twice.answer(0);
  assert.match(answer?.type === "error" ? answer.reason : "", /in flight already/);
  using cut = await setup.dial();
  await cut.write(frame.subarray(0, 20));
  await cut.closeWrite();
  const last = await cut.answer(0);
  assert.match(last?.type === "error" ? last.reason : "", /ends within it/);
});

Deno.test("an unknown operation and a client's role are bad requests, and the connection goes on", async () => {
  await using setup = await KeyServerSetup.start({ keys: oneKey });
  using client = await setup.dial();
  await client.write(encodeFrame({ id: 77, kind: 0x55, body: new Uint8Array(3) }));
  const unknown = await client.answer(77);
  assert.equal(unknown?.type === "error" && unknown.reason, "the operation 85 is unknown");
  const frame = encodeRequest(78, await setup.request());
  frame[9] = 2;
  await client.write(frame);
  const role = await client.answer(78);
  assert.equal(role?.type === "error" && role.code, "bad-request");
  assert.deepEqual(await client.ask(ping), { type: "pong" });
  assert.equal(await setup.counted("unknown", "bad-request"), 2);
});

Deno.test("an edge that has said all and closes its side still gets its answers", async () => {
  await using setup = await KeyServerSetup.start({ keys: [{ name: "www-rsa", type: "rsa-2048" }] });
  using client = await setup.dial();
  const request = await setup.request("www-rsa");
  const ids = await Promise.all(Array.from({ length: 20 }, () => client.send(request)));
  await client.closeWrite();
  for (const id of ids) assert.equal((await client.answer(id))?.type, "signature");
  assert.equal(await client.closed(), true);
});

Deno.test("M21: an edge that does not read its answers holds up nobody else", async () => {
  await using setup = await KeyServerSetup.start({ keys: oneKey });
  using deaf = await setup.dial();
  const request = await setup.request();
  const flood = (async () => {
    for (let i = 0; i < 20_000; i++) await deaf.send(request);
  })().catch(() => {});
  using client = await setup.dial();
  for (let i = 0; i < 20; i++) assert.equal((await client.ask(request))?.type, "signature");
  const inFlight = await setup.server.metric("holdfast_key_server_in_flight");
  assert.ok(inFlight <= 1025, `${inFlight} in flight`);
  deaf[Symbol.dispose]();
  await flood;
});

Deno.test("edges without a good certificate are refused, counted, and told why", async () => {
  await using setup = await KeyServerSetup.start({ keys: oneKey });
  const { pki } = setup.installation;
  const uri = edgeIdentity("pop1");
  const past = { notBefore: new Date(Date.now() - 172_800_000), notAfter: new Date(Date.now() - 86_400_000) };
  const authority = await Authority.createRoot("Another Root");
  const strangers: [string, Awaited<ReturnType<typeof pki.edgeIdentity>>, string, RegExp][] = [
    [
      "of another authority",
      await pki.edgeIdentity(uri, { authority }),
      "certificate-unknown-authority",
      /issuer/,
    ],
    ["that has expired", await pki.edgeIdentity(uri, past), "certificate-expired", /has expired/],
    [
      "of a key server",
      await pki.edgeIdentity(uri, { usages: ["serverAuth"] }),
      "certificate-wrong-purpose",
      /purpose/,
    ],
    ["without a URI", await pki.edgeIdentity(uri, { uris: [], dnsNames: ["a.test"] }), "identity", /no URI/],
    [
      "with two URIs",
      await pki.edgeIdentity(uri, { uris: [uri, edgeIdentity("pop2")] }),
      "identity",
      /several URIs/,
    ],
  ];
  for (const [what, identity, reason, words] of strangers) {
    const before = await refusedConnections(setup, reason);
    using client = await setup.dial(identity);
    await client.send(ping).catch(() => {});
    const lastWord = await client.answer(0);
    assert.equal(lastWord?.type === "error" && lastWord.code, "not-authorised", what);
    assert.match(lastWord?.type === "error" ? lastWord.reason : "", words, what);
    assert.equal(await client.closed(), true, what);
    assert.equal(await refusedConnections(setup, reason), before + 1, what);
  }
  using edge = await setup.dial();
  assert.deepEqual(await edge.ask(ping), { type: "pong" });
});

/** A P-256 key in SEC1 (RFC 5915) that claims the public half of another: clients that compare halves believe it. */
async function falsePrivateKey(ownPem: string, claimedPem: string): Promise<string> {
  const imported = (pem: string) =>
    crypto.subtle.importKey(
      "pkcs8",
      Uint8Array.fromBase64(pem.replace(/-----[^-]+-----|\s/g, "")),
      { name: "ECDSA", namedCurve: "P-256" },
      true,
      ["sign"],
    );
  const jwkOf = async (pem: string) => await crypto.subtle.exportKey("jwk", await imported(pem));
  const bytes = (text = "") => Uint8Array.fromBase64(text, { alphabet: "base64url" });
  const [{ d }, { x, y }] = [await jwkOf(ownPem), await jwkOf(claimedPem)];
  const point = concatenate([new Uint8Array([0, 4]), bytes(x), bytes(y)]);
  const der = concatenate([
    Uint8Array.fromHex("30770201010420"),
    bytes(d),
    Uint8Array.fromHex("a00a06082a8648ce3d030107a14403"),
    new Uint8Array([point.length]),
    point,
  ]);
  return `-----BEGIN EC PRIVATE KEY-----\n${der.toBase64()}\n-----END EC PRIVATE KEY-----\n`;
}

for (const isOwner of [true, false]) {
  const what = isOwner ? "with its private key is let in" : "without its private key is refused";
  Deno.test(`an edge's certificate ${what}`, async () => {
    await using setup = await KeyServerSetup.start({ keys: oneKey });
    const { installation } = setup;
    const [edge, other] = [await setup.identity(), await setup.identity()];
    const own = isOwner ? edge : other;
    await writePublic(installation.file("stolen.pem"), edge.certificatePem);
    await writeSecret(
      installation.file("stolen.key"),
      await falsePrivateKey(own.privateKeyPem, edge.privateKeyPem),
    );
    const { host, port } = installation.address("keyServer");
    const files = ["-cert", installation.file("stolen.pem"), "-key", installation.file("stolen.key")];
    const { stdout, stderr } = await runCommand("openssl", [
      ...["s_client", "-connect", `${host}:${port}`, "-tls1_3", "-alpn", "holdfast/1"],
      ...files,
    ], { input: "\0\0\0\0\0\0\0\x01\x01" });
    const outcome = await setup.server.record(
      `what became of it: ${stdout}${stderr}`,
      ({ event }) => event === "edge-connected" || event === "connection-refused",
    );
    assert.equal(outcome.event, isOwner ? "edge-connected" : "connection-refused");
    if (!isOwner) assert.equal(outcome.why, "handshake");
  });
}

Deno.test("a URI that imitates a list of names is one name, which nobody granted anything", async () => {
  await using setup = await KeyServerSetup.start({ keys: oneKey });
  const uris = [`spiffe://holdfast.test/x, URI:${edgeIdentity("pop1")}`];
  using client = await setup.dial(await setup.installation.pki.edgeIdentity("", { uris }));
  const answer = await client.ask(await setup.request());
  assert.equal(answer?.type === "error" && answer.code, "not-authorised");
});

Deno.test("a peer that negotiates no ALPN, or another, or TLS 1.2, is closed", async () => {
  await using setup = await KeyServerSetup.start({ keys: oneKey });
  using without = await setup.dial(undefined, []);
  await without.send(ping).catch(() => {});
  assert.equal(await without.closed(), true);
  assert.equal(await refusedConnections(setup, "no-alpn"), 1);
  await assert.rejects(async () => {
    using other = await setup.dial(undefined, ["h2"]);
    await other.send(ping);
    assert.notEqual(await other.answer(1), undefined);
  });
  const { host, port } = setup.installation.address("keyServer");
  const identity = await setup.identity();
  const error = await new Promise<Error | undefined>((resolve) => {
    const socket = connectTls({
      host,
      port,
      ca: setup.installation.pki.keyServers.certificatePem,
      cert: identity.certificatePem,
      key: identity.privateKeyPem,
      ALPNProtocols: ["holdfast/1"],
      maxVersion: "TLSv1.2",
    }, () => resolve(undefined));
    socket.once("error", resolve);
  });
  assert.ok(error !== undefined);
});

Deno.test("a peer that does not finish its handshake, and one above the connection limit, are closed", async () => {
  await using setup = await KeyServerSetup.start({
    keys: oneKey,
    patch: { limits: { handshake_deadline_ms: 200, connections: 2 } },
  });
  const { host: hostname, port } = setup.installation.address("keyServer");
  using stalled = await Deno.connect({ hostname, port });
  assert.equal(await stalled.read(new Uint8Array(1)), null);
  assert.equal(await refusedConnections(setup, "handshake"), 1);
  using first = await setup.dial();
  using second = await setup.dial();
  assert.deepEqual(await first.ask(ping), { type: "pong" });
  assert.deepEqual(await second.ask(ping), { type: "pong" });
  using third = await Deno.connect({ hostname, port });
  assert.equal(await third.read(new Uint8Array(1)).catch(() => null), null);
  assert.equal(await refusedConnections(setup, "limit"), 1);
  assert.deepEqual(await first.ask(ping), { type: "pong" });
});

Deno.test("peers that never finish their handshake do not keep an edge out, however many they are", async () => {
  await using setup = await KeyServerSetup.start({
    keys: oneKey,
    patch: { limits: { handshake_deadline_ms: 60_000, connections: 8 } },
  });
  const { host: hostname, port } = setup.installation.address("keyServer");
  using served = await setup.dial();
  assert.deepEqual(await served.ask(ping), { type: "pong" });
  using strangers = new DisposableStack();
  for (let i = 0; i < 20; i++) strangers.use(await Deno.connect({ hostname, port }));
  using edge = await setup.dial();
  assert.deepEqual(await edge.ask(ping), { type: "pong" });
  assert.deepEqual(await served.ask(ping), { type: "pong" });
  assert.ok(await setup.server.metric("holdfast_key_server_connections") <= 8);
});

Deno.test("a channel ends with the certificate that opened it", async () => {
  await using setup = await KeyServerSetup.start({ keys: oneKey });
  const notAfter = new Date(Math.ceil(Date.now() / 1000) * 1000 + 1000);
  const identity = await setup.installation.pki.edgeIdentity(edgeIdentity("pop1"), { notAfter });
  using client = await setup.dial(identity);
  assert.equal((await client.ask(await setup.request()))?.type, "signature");
  assert.equal(await client.closed(), true);
  assert.ok(Date.now() >= notAfter.getTime());
});
