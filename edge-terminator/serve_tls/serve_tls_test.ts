import assert from "node:assert/strict";
import { connect as connectTls } from "node:tls";
import { ClientPki } from "../../test/harness/client_pki.ts";
import { runCommand } from "../../test/harness/command.ts";
import { poll } from "../../test/harness/poll.ts";
import { localSigner } from "./local_signer.ts";
import type { ServeTlsOptions } from "./options.ts";
import { serveTls } from "./serve_tls.ts";
import { pki, siteName, testCertificate } from "./testing/test_certificate.ts";
import { TestServer } from "./testing/test_server.ts";

const text = (text: string) => new TextEncoder().encode(text);

Deno.test("a connection says what was agreed on, and its streams carry bytes both ways", async () => {
  await using server = await TestServer.start({ alpn: ["http/1.1", "echo"] });
  using client = await server.connect(siteName, ["echo"]);
  const connection = await server.next();
  const { version, cipherSuite, signatureScheme, alpn, serverName, resumed } = connection;
  assert.deepEqual({ version, cipherSuite, signatureScheme, alpn, serverName, resumed }, {
    version: "TLSv1.3",
    cipherSuite: "TLS_AES_128_GCM_SHA256",
    signatureScheme: "ecdsa_secp256r1_sha256",
    alpn: "echo",
    serverName: siteName,
    resumed: false,
  });
  assert.deepEqual(connection.remoteAddress, {
    host: "127.0.0.1",
    port: (client.localAddr as Deno.NetAddr).port,
  });
  const echoed = connection.readable.pipeTo(connection.writable);
  await client.write(text("hello"));
  await client.closeWrite();
  assert.equal(
    await new Response(client.readable as ReadableStream<Uint8Array<ArrayBuffer>>).text(),
    "hello",
  );
  await echoed;
  await connection.closed;
  assert(connection.signal.aborted);
});

Deno.test("TLS 1.2 is served too, with an RSA key, and refused where it is turned off", async () => {
  const certificates = [await testCertificate("rsa")] as const;
  await using old = await TestServer.start({ versions: ["TLS 1.2"], certificates });
  using _client = await old.connect();
  const { version, cipherSuite } = await old.next();
  assert.deepEqual([version, cipherSuite], ["TLSv1.2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]);
  await using modern = await TestServer.start({ versions: ["TLS 1.3"], certificates });
  const { host, port } = await modern.tls.address;
  const refused = await runCommand("openssl", ["s_client", "-connect", `${host}:${port}`, "-tls1_2"]);
  assert.match(refused.stderr, /alert protocol version/);
});

Deno.test("suites and groups are those that the options name", async () => {
  const suite = "TLS_CHACHA20_POLY1305_SHA256";
  await using server = await TestServer.start({ cipherSuites: [suite], groups: ["secp384r1"] });
  const { connection, client } = await server.pair();
  using _client = client;
  assert.deepEqual([connection.cipherSuite, connection.group], [suite, "secp384r1"]);
});

Deno.test("each name gets its own certificate and protocols, and an unknown one an alert", async () => {
  const [a, b] = [await testCertificate("ec", ["a.test"]), await testCertificate("rsa", ["*.b.test"])];
  const sites = { "a.test": { certificates: [a] }, "*.b.test": { certificates: [b], alpn: ["b"] } } as const;
  await using server = serveTls({ port: 0, sites, alpn: ["a"] });
  const { host, port } = await server.address;
  const connect = async (hostname: string) => {
    const tcp = await Deno.connect({ hostname: host, port });
    using client = await Deno.startTls(tcp, {
      hostname,
      caCerts: [pki.webRoot.certificatePem],
      alpnProtocols: ["b", "a"],
    });
    return (await client.handshake()).alpnProtocol;
  };
  assert.equal(await connect("a.test"), "a");
  assert.equal(await connect("x.b.test"), "b");
  await assert.rejects(connect("c.test"), /UnrecognisedName/);
});

Deno.test("a signer that fails costs its client an alert, and the next client nothing", async () => {
  const { chain, signer } = await testCertificate();
  let fails = true;
  const moody: typeof signer = {
    sign: (...asked) => fails ? Promise.reject(new Error("not now")) : signer.sign(...asked),
  };
  await using server = await TestServer.start({ certificates: [{ chain, signer: moody }] });
  await assert.rejects(server.connect(), /InternalError/);
  fails = false;
  using _client = await server.connect();
  assert.equal((await server.next()).version, "TLSv1.3");
  const results = server.log.filter(({ event }) => event === "handshake").map(({ result }) => result);
  assert.deepEqual(results, ["refused", "ok"]);
});

for (const version of ["tls1_3", "tls1_2"]) {
  Deno.test(`a session resumes in ${version} unless tickets are turned off`, async () => {
    const resumes = async (options: Partial<ServeTlsOptions>) => {
      await using server = await TestServer.start(options);
      const { host, port } = await server.tls.address;
      const file = await Deno.makeTempFile();
      const openssl = async (...extra: string[]) => {
        const args = ["s_client", "-connect", `${host}:${port}`, `-${version}`, "-ign_eof", ...extra];
        const running = runCommand("openssl", args);
        // A client that has no session to offer does not connect.
        const connection = await Promise.race([server.next(), running.then(() => undefined)]);
        if (connection === undefined) return false;
        const writer = connection.writable.getWriter();
        await writer.write(text("HTTP/1.1 200 OK"));
        await connection.close();
        await running;
        return connection.resumed;
      };
      try {
        assert.equal(await openssl("-sess_out", file), false);
        return await openssl("-sess_in", file);
      } finally {
        await Deno.remove(file);
      }
    };
    assert.equal(await resumes({}), true);
    assert.equal(await resumes({ tickets: false }), false);
  });
}

Deno.test("a client shows its certificate where it is asked to, and none is no good where it is required", async () => {
  const clients = await ClientPki.create();
  const { certificatePem, privateKeyPem } = await clients.issue({ commonName: "client.test" });
  const clientCertificates = { mode: "required", authorities: clients.authorityPem } as const;
  await using server = await TestServer.start({ clientCertificates });
  const { host, port } = await server.tls.address;
  const client = connectTls({
    ...{ host, port, servername: siteName, ca: pki.webRoot.certificatePem },
    ...{ cert: certificatePem, key: privateKeyPem },
  });
  assert.equal((await server.next()).peerCertificate?.subject, "CN=client.test");
  client.destroy();
  const nobody = await runCommand("openssl", ["s_client", "-connect", `${host}:${port}`, "-ign_eof"]);
  assert.match(nobody.stderr, /SSL alert number 116/, "certificate_required");
});

Deno.test("a key that WebCrypto will not export signs as well", async () => {
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const { publicKey, privateKey } = await crypto.subtle.generateKey(algorithm, false, ["sign", "verify"]);
  const publicKeyInfo = new Uint8Array(await crypto.subtle.exportKey("spki", publicKey));
  const chain = await pki.siteCertificate(publicKeyInfo, [siteName]);
  await using server = await TestServer.start({ certificates: [{ chain, signer: localSigner(privateKey) }] });
  using _client = await server.connect();
});

Deno.test("a client that stalls is closed at the handshake deadline", async () => {
  await using server = await TestServer.start({ limits: { handshakeDeadline: 100 } });
  const { host, port } = await server.tls.address;
  using stalled = await Deno.connect({ hostname: host, port });
  assert.equal(await stalled.read(new Uint8Array(100)), 7, "an alert");
  await poll("the record", () => server.log.find(({ result }) => result === "deadline"));
});

Deno.test("an aborted signal ends the loop, and the connections in good order", async () => {
  const abort = new AbortController();
  await using server = await TestServer.start({ signal: abort.signal });
  const { connection, client } = await server.pair();
  using _client = client;
  abort.abort();
  assert.equal(await server.next(), undefined);
  assert.equal(await client.read(new Uint8Array(1)), null);
  await connection.closed;
});

Deno.test("leaving the loop stops accepting and closes what nobody took; what was taken goes on", async () => {
  const server = await TestServer.start();
  const { host, port } = await server.tls.address;
  using first = await server.connect();
  let taken;
  for await (const connection of server.tls) {
    taken = connection;
    break;
  }
  await assert.rejects(Deno.connect({ hostname: host, port }), Deno.errors.ConnectionRefused);
  const writer = taken!.writable.getWriter();
  await writer.write(text("x"));
  assert.equal(await first.read(new Uint8Array(1)), 1);
  await server.tls.close();
  assert.equal(server.tls.connections, 0);
});

Deno.test("a port that is taken fails the loop with the system's error", async () => {
  await using server = await TestServer.start();
  const { port } = await server.tls.address;
  const second = serveTls({ port, certificates: [await testCertificate()] });
  await assert.rejects(Array.fromAsync(second), /EADDRINUSE/);
  await second.close();
});

Deno.test("options that do not fit together are refused, each by its name", async () => {
  const certificate = await testCertificate();
  const other = await testCertificate();
  const certificates = [certificate] as const;
  const cases: [RegExp, Record<string, unknown>][] = [
    [/certificates: there are none/, {}],
    [/certificates\[0\]: its signer's key is not/, {
      certificates: [{ chain: other.chain, signer: certificate.signer }],
    }],
    [/certificates\[0\]: it holds no PEM/, { certificates: [{ chain: "", signer: certificate.signer }] }],
    [/sites\["a\.test"\]\.certificates\[0\]: its names \(www/, { sites: { "a.test": { certificates } } }],
    [/sites\["a b"\]: a host name/, { sites: { "a b": { certificates } } }],
    [/clientCertificates\.authorities: it holds no PEM/, {
      ...{ certificates, clientCertificates: { mode: "required", authorities: "" } },
    }],
    [/limits\.connections: 0 is/, { certificates, limits: { connections: 0 } }],
    [/limits\.handshakeDeadline: NaN is/, { certificates, limits: { handshakeDeadline: NaN } }],
    [/cipherSuites: TLS_AES_128_CCM_SHA256 is not/, {
      certificates,
      cipherSuites: ["TLS_AES_128_CCM_SHA256"],
    }],
    [/groups: it is empty/, { certificates, groups: [] }],
    [/versions: it is empty/, { certificates, versions: [] }],
  ];
  for (const [message, options] of cases) {
    assert.throws(() => serveTls({ port: 0, ...options }), (error: Error & { code?: string }) => {
      assert.match(error.message, message);
      return error.code === "options-invalid";
    });
  }
});
