import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { freePort } from "../../test/harness/loopback.ts";
import { poll } from "../../test/harness/poll.ts";
import { TemporaryFolder } from "../../test/harness/temporary_folder.ts";
import { countingBytes } from "../../test/harness/http_backend.ts";
import { type DecodedProxyHeader, decodeProxyHeader } from "../proxy/testing/decode_proxy_header.ts";
import { LocalEdge } from "./testing/local_edge.ts";
import { siteName } from "./testing/software_key.ts";
import { clientHello, readToEnd, startOpenssl } from "./testing/raw_client.ts";
import { echo, RawBackend } from "./testing/raw_backend.ts";

const bulk = countingBytes(24 << 20);

/** What a relay may hold of a stream that nobody reads: kernel buffers on two connections, and one read of ours. */
const mostHeld = 16 << 20;

async function sendAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await connection.write(rest));
}

async function receive(connection: Deno.Conn, length: number): Promise<Uint8Array> {
  const received = new Uint8Array(length);
  let at = 0;
  while (at < length) {
    const read = await connection.read(received.subarray(at));
    if (read === null) break;
    at += read;
  }
  return received.subarray(0, at);
}

/** deepEqual on megabytes takes seconds. */
function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

Deno.test("bytes come back through an echo as they went, in both directions at once", async () => {
  await using backend = await RawBackend.start(echo);
  await using edge = await LocalEdge.start({ backend: backend.address });
  using client = await edge.connect();
  const [received] = await Promise.all([receive(client, bulk.length), sendAll(client, bulk)]);
  assert(same(received, bulk));
});

Deno.test("a client that does not read is not read for, and gets everything when it does", async () => {
  const state: { socket?: Socket } = {};
  await using backend = await RawBackend.start((socket) => {
    state.socket = socket;
    socket.end(bulk);
  });
  await using edge = await LocalEdge.start({ backend: backend.address });
  using client = await edge.connect();
  const socket = await poll("backend connection", () => state.socket);
  const left = await poll("standstill", async () => {
    const before = socket.writableLength;
    await new Promise((resolve) => setTimeout(resolve, 200));
    return socket.writableLength === before ? before : undefined;
  });
  assert(bulk.length - left < mostHeld, `${bulk.length - left} bytes were taken from the backend`);
  assert(same(await receive(client, bulk.length + 1), bulk));
});

Deno.test("a backend that does not read is not read for, and gets everything when it does", async () => {
  const received: Uint8Array[] = [];
  const state: { socket?: Socket } = {};
  await using backend = await RawBackend.start((socket) => {
    state.socket = socket;
    socket.on("data", (data: Uint8Array) => received.push(data));
    socket.pause();
  });
  await using edge = await LocalEdge.start({ backend: backend.address });
  using client = await edge.connect();
  let sent = 0;
  const sending = (async () => {
    for (; sent < bulk.length; sent += 65536) await sendAll(client, bulk.subarray(sent, sent + 65536));
  })();
  const socket = await poll("backend connection", () => state.socket);
  await poll("standstill", async () => {
    const before = sent;
    await new Promise((resolve) => setTimeout(resolve, 200));
    return sent === before;
  });
  assert(sent < mostHeld, `${sent} bytes were taken from the client`);
  socket.resume();
  await sending;
  await poll("everything", () => received.reduce((sum, { length }) => sum + length, 0) === bulk.length);
  assert(same(new Uint8Array(await new Blob(received as Uint8Array<ArrayBuffer>[]).arrayBuffer()), bulk));
});

Deno.test("a client's close_notify becomes the backend's FIN, and the client still gets the answer", async () => {
  await using backend = await RawBackend.start((socket) => {
    let request = "";
    socket.on("data", (data: Uint8Array) => request += new TextDecoder().decode(data));
    socket.on("end", () => socket.end(`answer to ${request}`));
  });
  await using edge = await LocalEdge.start({ backend: backend.address });
  using client = await edge.connect();
  await client.write(new TextEncoder().encode("whole request"));
  await client.closeWrite();
  assert.equal(new TextDecoder().decode(await readToEnd(client)), "answer to whole request");
});

Deno.test("a backend's FIN becomes close_notify, and the backend still gets what the client sends", async () => {
  const received = Promise.withResolvers<string>();
  await using backend = await RawBackend.start((socket) => {
    let text = "";
    socket.on("data", (data: Uint8Array) => text += new TextDecoder().decode(data));
    socket.on("end", () => received.resolve(text));
    socket.end("greeting");
  });
  await using edge = await LocalEdge.start({ backend: backend.address });
  using client = await edge.connect();
  // rustls throws UnexpectedEof for a FIN without close_notify.
  assert.equal(new TextDecoder().decode(await readToEnd(client)), "greeting");
  await client.write(new TextEncoder().encode("sent after the end"));
  await client.closeWrite();
  assert.equal(await received.promise, "sent after the end");
});

Deno.test("a client that is cut off without close_notify is not passed off as one that ended: a reset", async () => {
  const ended = Promise.withResolvers<string>();
  await using backend = await RawBackend.start((socket) => {
    socket.write("hello");
    socket.on("end", () => ended.resolve("FIN"));
    socket.on("error", (error: Error & { code?: string }) => ended.resolve(error.code ?? error.message));
  });
  await using edge = await LocalEdge.start({ backend: backend.address });
  const client = startOpenssl(edge.address);
  await client.receives(); // the handshake is over and the relay runs
  await client.kill();
  assert.equal(await ended.promise, "ECONNRESET");
});

Deno.test("a backend that nobody serves costs the client an alert and the edge nothing", async () => {
  await using edge = await LocalEdge.start({ backend: { host: "127.0.0.1", port: freePort() } });
  using client = await edge.connect();
  await assert.rejects(client.read(new Uint8Array(1)), /InternalError/);
  assert(edge.log.some((line) => line.includes("application-failed")));
});

Deno.test("a backend that dies in the middle of an answer ends it with an alert, not with close_notify", async () => {
  await using backend = await RawBackend.start((socket) =>
    socket.write("half", () => socket.resetAndDestroy())
  );
  await using edge = await LocalEdge.start({ backend: backend.address });
  using client = await edge.connect();
  await assert.rejects(readToEnd(client), /InternalError/);
});

Deno.test("a backend is told of the client by the PROXY protocol, before the first byte", async () => {
  const header = Promise.withResolvers<DecodedProxyHeader>();
  await using folder = await TemporaryFolder.create();
  await using backend = await RawBackend.start((socket) => {
    socket.once("data", (data: Uint8Array) => {
      const decoded = decodeProxyHeader(data);
      header.resolve(decoded);
      socket.end(data.subarray(decoded.length));
    });
  }, folder.file("backend.sock"));
  await using edge = await LocalEdge.start({ backend: backend.address, proxyProtocol: true, alpn: ["h2"] });
  using client = await edge.connect(["h2"]);
  const { hostname: address, port } = client.localAddr as Deno.NetAddr;
  const { endpoints, alpnProtocol, serverName, tls } = await header.promise;
  assert.deepEqual(endpoints?.client, { address, port });
  assert.deepEqual(endpoints?.server, { address: edge.address.hostname, port: edge.address.port });
  assert.deepEqual({ alpnProtocol, serverName }, { alpnProtocol: "h2", serverName: siteName });
  assert.deepEqual(tls, { version: "TLSv1.3", cipherSuite: "TLS_AES_128_GCM_SHA256", client: 1, verify: 1 });
});

Deno.test("over the connection limit a client is closed and counted, and the others go on", async () => {
  await using backend = await RawBackend.start(echo);
  await using edge = await LocalEdge.start({ backend: backend.address, maximumConnections: 2 });
  using first = await edge.connect();
  using second = await edge.connect();
  await assert.rejects(edge.connect());
  assert.match(
    await edge.metrics.registry.exposition(),
    /refused_connections_total\{reason="connection-limit"\} 1/,
  );
  for (const client of [first, second]) {
    await sendAll(client, bulk.subarray(0, 100));
    assert(same(await receive(client, 100), bulk.subarray(0, 100)));
  }
  second.close();
  await poll("a free place", () => edge.acceptor.size < 2);
  using _third = await edge.connect();
});

Deno.test("at the connection limit silent peers give way, the oldest first; established connections never do", async () => {
  await using backend = await RawBackend.start(echo);
  await using edge = await LocalEdge.start({
    backend: backend.address,
    maximumConnections: 4,
    limits: { handshakeDeadline: 60_000 },
  });
  using served = await edge.connect();
  using strangers = new DisposableStack();
  for (let count = 0; count < 10; count++) strangers.use(await Deno.connect(edge.address));
  using late = await edge.connect();
  await poll("the last word on each", async () => {
    const counted = await edge.metrics.registry.exposition();
    return /handshakes_total\{result="gave-way",alert="none",version="none"\} 8/.test(counted);
  });
  assert.equal(edge.acceptor.size, 4);
  assert.doesNotMatch(await edge.metrics.registry.exposition(), /connection-limit/);
  for (const client of [served, late]) {
    await sendAll(client, bulk.subarray(0, 100));
    assert(same(await receive(client, 100), bulk.subarray(0, 100)));
  }
});

Deno.test("a client that waits for its signature gives way too, and gives its blocks of the pool back at once", async () => {
  await using backend = await RawBackend.start(echo);
  const asked = Promise.withResolvers<void>();
  const { promise: never } = Promise.withResolvers<Uint8Array>();
  const sign = () => (asked.resolve(), never);
  await using edge = await LocalEdge.start({ backend: backend.address, maximumConnections: 1, sign });
  using waiting = await edge.startHandshake();
  const handshake = assert.rejects(waiting.handshake());
  await asked.promise;
  assert(edge.pool.blocksInUse > 0);
  using _newcomer = await Deno.connect(edge.address);
  await handshake;
  await poll("its blocks back", () => edge.pool.blocksInUse === 0);
  assert.equal((await edge.handshake()).result, "gave-way");
});

Deno.test("a pool that is used up refuses new clients, leaves open ones alone, and serves again after", async () => {
  await using backend = await RawBackend.start(echo);
  await using edge = await LocalEdge.start({ backend: backend.address, poolBytes: 64 * 20 });
  using first = await edge.connect();
  using second = await edge.connect();
  await assert.rejects(edge.connect());
  await poll("its blocks back", () => edge.pool.blocksInUse === 12);
  await sendAll(first, bulk.subarray(0, 100));
  assert(same(await receive(first, 100), bulk.subarray(0, 100)));
  second.close();
  await poll("a free place", () => edge.acceptor.size < 2);
  using _third = await edge.connect();
});

Deno.test("a connection with one direction ended and the other silent is closed", async () => {
  await using backend = await RawBackend.start(() => {});
  await using edge = await LocalEdge.start({ backend: backend.address, limits: { halfClosedIdle: 150 } });
  using client = await edge.connect();
  await client.closeWrite();
  await poll("end", () => edge.acceptor.size === 0);
});

Deno.test("a worker that stops lets a connection end by itself, and closes in good order what does not", async () => {
  await using backend = await RawBackend.start(echo);
  await using edge = await LocalEdge.start({ backend: backend.address });
  using client = await edge.connect();
  const half = await Deno.connect(edge.address);
  await half.write((await clientHello()).subarray(0, 50));
  await poll("both connections", () => edge.acceptor.size === 2);
  edge.acceptor.stopListening();
  edge.acceptor.endWithin(200);
  await sendAll(client, bulk.subarray(0, 100));
  assert(same(await receive(client, 100), bulk.subarray(0, 100)), "it still serves");
  assert.equal((await readToEnd(client)).length, 0); // close_notify
  await readToEnd(half);
  half.close();
  await edge.acceptor.drained();
});
