import assert from "node:assert/strict";
import { Authority, type CertificateContents } from "../../certs/authority.ts";
import { DevelopmentPki } from "../../certs/dev_pki.ts";
import { writeIdentity, writePublic } from "../../certs/write.ts";
import { TemporaryFolder } from "../../test/harness/temporary_folder.ts";
import { poll } from "../../test/harness/poll.ts";
import { type AdminApi, startAdminApi } from "./admin_api.ts";
import type { AdminApiConfig } from "./admin_config.ts";
import { ApiClient } from "./client/api_client.ts";
import { AdminSetup } from "./testing/admin_setup.ts";

const serverName = "key-server.holdfast.test";

async function overUnix(
  administrators: AdminApiConfig["administrators"],
  run: (path: string, setup: AdminSetup) => Promise<void>,
): Promise<void> {
  await using folder = await TemporaryFolder.create();
  const path = folder.file("admin.sock");
  const setup = await AdminSetup.create();
  await using _api = await startAdminApi(
    { unix: { path, mode: 0o600 }, tls: undefined, administrators },
    setup.services,
  );
  await run(path, setup);
}

Deno.test("the unix socket has the mode 0600, and the key server's own user is an admin there", async () => {
  await overUnix([], async (socket, setup) => {
    assert.equal((await Deno.stat(socket)).mode! & 0o777, 0o600);
    const client = await ApiClient.open({ socket });
    assert.equal((await client.get<{ healthy: boolean }>("/v1/status")).healthy, true);
    const [call] = setup.events;
    assert(call?.kind === "admin-call" && call.author === `uid:${Deno.uid()}` && call.role === "admin");
  });
});

Deno.test("who is at a unix socket's other end is asked of the kernel: a role given to that uid holds", async () => {
  await overUnix([{ uid: Deno.uid()!, role: "viewer" }], async (socket, setup) => {
    const client = await ApiClient.open({ socket });
    await client.get("/v1/status");
    const [call] = setup.events;
    assert(call?.kind === "admin-call" && call.role === "viewer");
  });
});

/** An admin API over mutual TLS, and what a client of it needs. */
class TlsSetup implements AsyncDisposable {
  private constructor(
    readonly folder: TemporaryFolder,
    readonly setup: AdminSetup,
    readonly api: AdminApi,
    readonly clients: Authority,
  ) {}

  static async start(administrators: AdminApiConfig["administrators"]): Promise<TlsSetup> {
    const folder = await TemporaryFolder.create();
    const pki = await DevelopmentPki.create();
    const clients = await Authority.createRoot("Test Administrators");
    await writeIdentity(folder.path, "server", await pki.keyServerIdentity(serverName));
    await writePublic(folder.file("ca.pem"), pki.keyServers.certificatePem);
    await writePublic(folder.file("clients.pem"), clients.certificatePem);
    const setup = await AdminSetup.create();
    const api = await startAdminApi({
      unix: undefined,
      tls: {
        address: { host: "127.0.0.1", port: 0 },
        identity: {
          certificate: folder.file("server.pem"),
          privateKey: folder.file("server.key"),
          clientCa: folder.file("clients.pem"),
        },
      },
      administrators,
    }, setup.services);
    return new TlsSetup(folder, setup, api, clients);
  }

  /** A client with a certificate of the administrators' authority, or of another. */
  async client(
    contents: Partial<CertificateContents>,
    authority: Authority = this.clients,
  ): Promise<ApiClient> {
    const pki = await DevelopmentPki.create();
    const base = { usages: ["clientAuth"], uris: [], commonName: "", authority } as const;
    const identity = await pki.edgeIdentity("spiffe://unused", { ...base, ...contents });
    await writeIdentity(this.folder.path, "client", identity);
    return await ApiClient.open({
      server: this.api.address!,
      serverName,
      identity: this.folder.file("client.pem"),
      key: this.folder.file("client.key"),
      ca: this.folder.file("ca.pem"),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.api[Symbol.asyncDispose]();
    await this.folder[Symbol.asyncDispose]();
  }
}

const alice = "spiffe://holdfast.test/admin/alice";

Deno.test("over mutual TLS an administrator is the URI of the certificate, or else its common name", async () => {
  await using tls = await TlsSetup.start([
    { identity: alice, role: "operator" },
    { identity: "cn:bob", role: "viewer" },
  ]);
  {
    const client = await tls.client({ uris: [alice], commonName: "bob" });
    await client.get("/v1/status");
  }
  const client = await tls.client({ commonName: "bob" });
  await client.get("/v1/status");
  const callers = tls.setup.events.map((event) => event.kind === "admin-call" && [event.author, event.role]);
  assert.deepEqual(callers, [[alice, "operator"], ["cn:bob", "viewer"]]);
});

Deno.test("a common name does not pass for a URI, nor several URIs for one; who is not named is refused", async () => {
  await using tls = await TlsSetup.start([{ identity: alice, role: "admin" }]);
  const contents = [
    { commonName: alice },
    { uris: [alice, "spiffe://holdfast.test/admin/mallory"] },
    { uris: ["spiffe://holdfast.test/admin/mallory"] },
    { commonName: "bob" },
  ];
  for (const each of contents) {
    const client = await tls.client(each);
    await assert.rejects(client.get("/v1/status"), { code: "not-authorised" });
  }
  assert(tls.setup.events.every((event) => event.kind === "admin-call" && event.status === 403));
  assert.equal(tls.setup.events.length, contents.length);
});

Deno.test("certificates of another authority and expired ones never get as far as a request", async () => {
  await using tls = await TlsSetup.start([{ identity: alice, role: "admin" }]);
  const another = await Authority.createRoot("Another");
  const over = { notBefore: new Date(Date.now() - 2000), notAfter: new Date(Date.now() - 1000) };
  for (const [contents, authority] of [[{}, another], [over, tls.clients]] as const) {
    const client = await tls.client({ uris: [alice], ...contents }, authority);
    await assert.rejects(client.get("/v1/status"), { code: "unreachable" });
  }
  assert.deepEqual(tls.setup.events, []);
});

Deno.test("a replaced client CA holds from the next connection on", async () => {
  await using tls = await TlsSetup.start([{ identity: alice, role: "admin" }]);
  const another = await Authority.createRoot("Another");
  await writePublic(tls.folder.file("clients.pem"), another.certificatePem);
  await poll("the new authority", async () => {
    const client = await tls.client({ uris: [alice] }, another);
    return await client.get("/v1/status").then(() => true, () => false);
  });
  const client = await tls.client({ uris: [alice] });
  await assert.rejects(client.get("/v1/status"), { code: "unreachable" });
});

/** A stream that has ended has closed its connection already. */
function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

async function answered(connection: Deno.Conn): Promise<string> {
  let text = "";
  for await (const chunk of connection.readable) text += new TextDecoder().decode(chunk);
  return text;
}

Deno.test("a body over the bound, said or endless, is refused as too large; one that is no JSON as invalid", async () => {
  await overUnix([], async (socket, setup) => {
    const client = await ApiClient.open({ socket });
    const post = (content: string) =>
      client.send("POST", "/v1/names", { body: { type: "application/json", content } });
    await assert.rejects(post(" ".repeat(300 << 10)), { code: "too-large" });
    await assert.rejects(post("{"), { code: "invalid-request" });
    await assert.rejects(client.send("POST", "/v1/names"), { code: "invalid-request" });
    const unknown = JSON.stringify({ name: "a.test", pin: "hunter2" });
    await assert.rejects(post(unknown), (error: Error) => {
      assert(!error.message.includes("hunter2"), "values are not repeated");
      return (error as Error & { code: string }).code === "invalid-request";
    });
    const connection = await Deno.connect({ transport: "unix", path: socket });
    const head =
      "POST /v1/names HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    const writer = connection.writable.getWriter();
    await writer.write(new TextEncoder().encode(head));
    const chunk = new TextEncoder().encode(`10000\r\n${" ".repeat(0x10000)}\r\n`);
    const flood = (async () => {
      for (let sent = 0; sent < 1000; sent++) await writer.write(chunk);
    })().catch(() => {});
    const { value } = await connection.readable.getReader().read();
    assert.match(new TextDecoder().decode(value), /^HTTP\/1\.1 413 /);
    closeQuietly(connection);
    await flood;
    assert.equal(setup.registry.state.version, 1, "nothing has changed");
  });
});

Deno.test("connections that say nothing give way to those that come after them", async () => {
  await overUnix([], async (socket) => {
    const connections: Deno.Conn[] = [];
    for (let number = 0; number < 100; number++) {
      connections.push(await Deno.connect({ transport: "unix", path: socket }));
    }
    const client = await ApiClient.open({ socket });
    assert.equal((await client.get<{ healthy: boolean }>("/v1/status")).healthy, true);
    assert.equal(await answered(connections[0]!), "", "the oldest was closed");
    connections.forEach(closeQuietly);
  });
});
