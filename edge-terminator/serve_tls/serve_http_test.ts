import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { serveHttp } from "./serve_http.ts";
import { TestServer } from "./testing/test_server.ts";

const get = (path: string) => new TextEncoder().encode(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);

async function withHttp(http: Server, run: (server: TestServer) => Promise<void>): Promise<void> {
  await using server = await TestServer.start();
  const served = serveHttp(http, server.tls);
  await run(server);
  await server.tls.close();
  await served;
}

async function readUntil(client: Deno.TlsConn, end: string): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(4096);
  for (let text = "";;) {
    const read = await client.read(buffer);
    assert(read !== null, `only this came: ${text}`);
    text += decoder.decode(buffer.subarray(0, read), { stream: true });
    if (text.endsWith(end)) return text;
  }
}

Deno.test("one connection serves several requests, and knows its client's address", () =>
  withHttp(
    createServer((request, response) => response.end(`${request.url} ${request.socket.remoteAddress};`)),
    async (server) => {
      using client = await server.connect();
      for (const path of ["/a", "/b"]) {
        await client.write(get(path));
        await readUntil(client, `${path} 127.0.0.1;`);
      }
    },
  ));

Deno.test("an upload of a megabyte reaches the handler whole", () =>
  withHttp(
    createServer(async (request, response) => {
      let bytes = 0;
      for await (const chunk of request) bytes += chunk.length;
      response.end(`${bytes} bytes`);
    }),
    async (server) => {
      using client = await server.connect();
      const head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\n\r\n";
      await client.write(new TextEncoder().encode(head));
      const body = new Uint8Array(1 << 20);
      for (let at = 0; at < body.length;) at += await client.write(body.subarray(at));
      await readUntil(client, "1048576 bytes");
    },
  ));

Deno.test("a connection that is idle for the server's keep-alive time is closed in good order", () => {
  const http = createServer((_request, response) => response.end("once"));
  http.keepAliveTimeout = 50;
  return withHttp(http, async (server) => {
    using client = await server.connect();
    await client.write(get("/"));
    await readUntil(client, "once");
    assert.equal(await client.read(new Uint8Array(9)), null);
  });
});
