import assert from "node:assert/strict";
import { TestServer } from "./testing/test_server.ts";

const block = new Uint8Array(64 * 1024).fill(7);

/** Writes until a write is not taken for a moment; returns the bytes that were. */
async function fill(
  write: (data: Uint8Array) => Promise<unknown>,
): Promise<{ bytes: number; stalled: Promise<unknown> }> {
  for (let bytes = 0;; bytes += block.length) {
    const written = write(block);
    const pause = new Promise<"pause">((resolve) => setTimeout(resolve, 300, "pause"));
    if (await Promise.race([written, pause]) === "pause") return { bytes, stalled: written };
    assert(bytes < 64 << 20, "nobody holds the writer back");
  }
}

async function count(stream: ReadableStream<Uint8Array>, bytes: number): Promise<void> {
  const reader = stream.getReader();
  for (let read = 0; read < bytes;) {
    const { value } = await reader.read();
    assert(value !== undefined && value.every((byte) => byte === 7));
    read += value.length;
  }
  reader.releaseLock();
}

Deno.test("a program that does not read is not read for, and gets everything when it does", async () => {
  await using server = await TestServer.start();
  const { connection, client } = await server.pair();
  using _client = client;
  const { bytes, stalled } = await fill((data) => client.write(data));
  const reading = count(connection.readable, bytes);
  await Promise.all([reading, stalled]);
});

Deno.test("a client that does not read holds the program's writes back, and gets everything when it does", async () => {
  await using server = await TestServer.start();
  const { connection, client } = await server.pair();
  using _client = client;
  const writer = connection.writable.getWriter();
  const { bytes, stalled } = await fill((data) => writer.write(data));
  await Promise.all([count(client.readable, bytes + block.length), stalled]);
});

Deno.test("one large write arrives whole", async () => {
  await using server = await TestServer.start();
  const { connection, client } = await server.pair();
  using _client = client;
  const writer = connection.writable.getWriter();
  await Promise.all([writer.write(new Uint8Array(5 << 20).fill(7)), count(client.readable, 5 << 20)]);
});

Deno.test("a client that is cut off without close_notify fails the reader and the writer", async () => {
  await using server = await TestServer.start();
  const { host, port } = await server.tls.address;
  const openssl = new Deno.Command("openssl", {
    args: ["s_client", "-quiet", "-connect", `${host}:${port}`],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const connection = await server.next();
  openssl.kill("SIGKILL");
  await assert.rejects(connection.readable.getReader().read(), { code: "connection-lost" });
  await assert.rejects(connection.writable.getWriter().closed, { code: "connection-lost" });
  await connection.closed;
  await openssl.stdin.abort();
  await openssl.output();
});

Deno.test("a client may end its side and still get the answer", async () => {
  await using server = await TestServer.start();
  const { connection, client } = await server.pair();
  using _client = client;
  await client.closeWrite();
  assert.deepEqual(await connection.readable.getReader().read(), { done: true, value: undefined });
  const writer = connection.writable.getWriter();
  await writer.write(new Uint8Array([7]));
  await writer.close();
  await count(client.readable, 1);
  await connection.closed;
});

Deno.test("close delivers what was written, ends the streams and resolves when the socket is closed", async () => {
  await using server = await TestServer.start();
  const { connection, client } = await server.pair();
  using _client = client;
  const writer = connection.writable.getWriter();
  const reading = connection.readable.getReader().read();
  await writer.write(new Uint8Array([7]));
  const closed = connection.close();
  assert.deepEqual(await reading, { done: true, value: undefined });
  await assert.rejects(writer.write(block), { code: "connection-closed" });
  assert.equal(await client.read(new Uint8Array(9)), 1);
  assert.equal(await client.read(new Uint8Array(9)), null, "close_notify");
  client.close();
  await closed;
  await connection.close();
});

Deno.test("abort tells the client by an alert that it has not got the whole", async () => {
  await using server = await TestServer.start();
  const { connection, client } = await server.pair();
  using _client = client;
  connection.abort(new Error("no more"));
  await assert.rejects(client.read(new Uint8Array(9)), /InternalError/);
  await assert.rejects(connection.readable.getReader().read(), { code: "connection-lost" });
  const failed = server.log.find(({ event }) => event === "application-failed");
  assert.equal((failed?.err as Error).message, "no more");
});

Deno.test("a program that cancels its reader and closes its writer is done, whatever the client still sends", async () => {
  await using server = await TestServer.start();
  const { connection, client } = await server.pair();
  using _client = client;
  await connection.writable.close();
  await connection.readable.cancel();
  assert.equal(await client.read(new Uint8Array(9)), null);
  client.close();
  await connection.closed;
});
