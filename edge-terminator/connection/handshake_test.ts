import assert from "node:assert/strict";
import { HoldfastError } from "../../shared/errors.ts";
import { LockedPool } from "../../shared/memory/locked_pool.ts";
import { AlertDescription } from "../../shared/tls_constants.ts";
import { blocksHandshaking, blocksOpen } from "../worker/memory_budget.ts";
import { encapsulate, type Encapsulation } from "../../shared/libcrypto/ml_kem.ts";
import { poll } from "../../test/harness/poll.ts";
import { LocalEdge } from "./testing/local_edge.ts";
import { siteName } from "./testing/software_key.ts";
import { alertIn, clientHello, readToEnd, sendRaw, startOpenssl } from "./testing/raw_client.ts";
import { echo, RawBackend } from "./testing/raw_backend.ts";

Deno.test("a handshake is logged with what was negotiated and the time of each step", async () => {
  await using backend = await RawBackend.start(echo);
  await using edge = await LocalEdge.start({ backend: backend.address, alpn: ["http/1.1"] });
  using client = await edge.connect(["http/1.1"]);
  const { result, serverName, version, cipherSuite, signatureScheme, alpn, timeline } = await edge
    .handshake();
  assert.deepEqual(
    { result, serverName, version, cipherSuite, signatureScheme, alpn },
    {
      result: "ok",
      serverName: siteName,
      version: "TLSv1.3",
      cipherSuite: "TLS_AES_128_GCM_SHA256",
      signatureScheme: "ecdsa_secp256r1_sha256",
      alpn: "http/1.1",
    },
  );
  const steps = Object.values(timeline as Record<string, number>);
  assert.equal(steps.length, 4);
  assert.deepEqual(steps, steps.toSorted((a, b) => a - b));
  assert((await client.handshake()).alpnProtocol === "http/1.1");
});

Deno.test("the memory budget's blocks for a handshake and for an open connection are what the pool sees", async () => {
  await using backend = await RawBackend.start(echo);
  let peak = 0;
  const { rent } = LockedPool.prototype;
  LockedPool.prototype.rent = function (length) {
    const secret = rent.call(this, length);
    peak = Math.max(peak, this.blocksInUse);
    return secret;
  };
  try {
    await using edge = await LocalEdge.start({ backend: backend.address });
    using _client = await edge.connect();
    await edge.handshake();
    assert.equal(edge.pool.blocksInUse, blocksOpen);
    assert(peak <= blocksHandshaking, `a handshake took ${peak} blocks`);
  } finally {
    LockedPool.prototype.rent = rent;
  }
});

Deno.test("a client that stalls in its ClientHello gets an alert at the deadline, and leaves nothing behind", async () => {
  await using backend = await RawBackend.start(echo);
  await using edge = await LocalEdge.start({ backend: backend.address, limits: { handshakeDeadline: 150 } });
  using client = await Deno.connect(edge.address);
  await client.write((await clientHello()).subarray(0, 40));
  assert.equal(alertIn(await readToEnd(client)), AlertDescription.handshake_failure);
  assert.equal((await edge.handshake()).result, "deadline");
});

Deno.test("a client that stalls after our flight leaves nothing behind", async () => {
  await using backend = await RawBackend.start(echo);
  await using edge = await LocalEdge.start({ backend: backend.address, limits: { handshakeDeadline: 300 } });
  using client = await Deno.connect(edge.address);
  await client.write(await clientHello());
  await readToEnd(client);
  assert.equal((await edge.handshake()).result, "deadline");
});

Deno.test("a client that sends garbage, more than we read, still gets the alert before the close", async () => {
  await using backend = await RawBackend.start(echo);
  await using edge = await LocalEdge.start({ backend: backend.address });
  for (const first of [0x16, 0x47, 0x80]) {
    const garbage = new Uint8Array(200_000).fill(0xaa);
    garbage.set([first, 3, 1, 0x20, 0]);
    using client = await Deno.connect(edge.address);
    const [alert] = await Promise.all([readToEnd(client), sendRaw(client, garbage)]);
    assert(alertIn(alert) !== undefined, `no alert for a first byte of ${first}`);
  }
  assert((await edge.handshake(3)).result === "refused");
});

Deno.test("a ClientHello in single bytes is served", async () => {
  await using backend = await RawBackend.start(echo);
  await using edge = await LocalEdge.start({ backend: backend.address });
  using client = await Deno.connect(edge.address);
  client.setNoDelay();
  for (const byte of await clientHello()) await client.write(new Uint8Array([byte]));
  const answer = new Uint8Array(1);
  await client.read(answer);
  assert.equal(answer[0], 0x16, "a ServerHello");
});

Deno.test("a name that no site has is refused with unrecognized_name", async () => {
  await using backend = await RawBackend.start(echo);
  await using edge = await LocalEdge.start({ backend: backend.address });
  using client = await Deno.connect(edge.address);
  await client.write(await clientHello("other.test"));
  assert.equal(alertIn(await readToEnd(client)), AlertDescription.unrecognized_name);
  assert.equal((await edge.handshake()).alertSent, "unrecognized_name");
});

Deno.test("a refused signature becomes internal_error, and its reason stands in the log", async () => {
  await using backend = await RawBackend.start(echo);
  const sign = () => Promise.reject(new HoldfastError("not-authorised", "Cannot sign: this edge may not"));
  await using edge = await LocalEdge.start({ backend: backend.address, sign });
  await assert.rejects(edge.connect(), /InternalError/);
  const { result, alertSent, reason } = await edge.handshake();
  assert.deepEqual({ result, alertSent }, { result: "refused", alertSent: "internal_error" });
  assert.match(String(reason), /this edge may not \[not-authorised\]/);
});

Deno.test("a client that leaves while its signature is asked for takes its secrets with it", async () => {
  await using backend = await RawBackend.start(echo);
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<Uint8Array>();
  const sign = () => {
    asked.resolve();
    return answer.promise;
  };
  await using edge = await LocalEdge.start({ backend: backend.address, sign });
  // Deno's own client keeps its socket open until its handshake is over.
  const client = startOpenssl(edge.address);
  await asked.promise;
  await client.kill();
  await edge.settled();
  answer.resolve(new Uint8Array(70));
  assert.equal((await edge.handshake()).result, "aborted");
});

Deno.test("an encapsulation that comes after the client has left gives its secret back", async () => {
  await using backend = await RawBackend.start(echo);
  const done = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const late = async (pool: LockedPool, key: Uint8Array): Promise<Encapsulation> => {
    asked.resolve();
    await done.promise;
    return await encapsulate(pool, key);
  };
  await using edge = await LocalEdge.start({
    backend: backend.address,
    limits: { handshakeDeadline: 200 },
    change: (context, pool) => ({ ...context, encapsulate: (key) => late(pool, key) }),
  });
  const connecting = edge.connect();
  connecting.catch(() => {});
  await asked.promise;
  await assert.rejects(connecting);
  await poll("end", () => edge.acceptor.size === 0);
  done.resolve();
  await poll("secret given back", () => edge.pool.blocksInUse === 0);
});
