import assert from "node:assert/strict";
import { digest } from "../../shared/libcrypto/digest.ts";
import { LockedPool } from "../../shared/memory/locked_pool.ts";
import {
  AlertDescription,
  CipherSuite,
  ContentType,
  HandshakeType,
  NamedGroup,
  SignatureScheme,
} from "../../shared/tls_constants.ts";
import { decodeCertificateVerify } from "../../shared/tls_messages/certificate_verify.ts";
import { ScriptedClient, type ScriptedClientOptions } from "../../test/peer/scripted_client.ts";
import { rsaCertificate, TestServer, testSite } from "../../test/peer/test_server.ts";
import type { TlsServerOptions } from "./server_options.ts";

const utf8 = new TextEncoder();

/** A finished handshake and both its ends, disposed together; each test's server counts its pool's blocks. */
function connect(
  clientOptions: Omit<ScriptedClientOptions, "pool"> = {},
  serverOptions: Omit<TlsServerOptions, "pool"> = {},
) {
  const stack = new DisposableStack();
  const pool = stack.use(LockedPool.open({ totalBytes: 64 * 64 }));
  const client = stack.use(new ScriptedClient({ ...clientOptions, pool }));
  const server = stack.use(new TestServer(serverOptions));
  client.receive(server.receive(client.start()));
  return { client, server, [Symbol.dispose]: () => stack.dispose() };
}

function finish({ client, server }: ReturnType<typeof connect>): void {
  client.receive(server.receive(client.finished()));
  assert.equal(server.engine.state, "connected");
}

for (
  const suite of ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"] as const
) {
  for (const group of ["x25519", "secp256r1", "secp384r1", "X25519MLKEM768"] as const) {
    Deno.test(`${suite} over ${group} connects and carries data both ways`, () => {
      const id = NamedGroup[group];
      using pair = connect({
        fields: { cipherSuites: [CipherSuite[suite]], groups: [id] },
        shareGroups: [id],
        kemSecret: new Uint8Array(32).fill(7),
      });
      finish(pair);
      const { client, server } = pair;
      const { parameters } = server.event("handshake-complete");
      assert.equal(parameters.cipherSuite, CipherSuite[suite]);
      assert.equal(parameters.extendedMasterSecret, true);
      assert.equal(parameters.group, id);
      server.receive(client.seal(ContentType.application_data, utf8.encode("ping")));
      assert.equal(new TextDecoder().decode(server.received), "ping");
      server.engine.send(utf8.encode("pong"));
      client.receive(server.drain());
      assert.equal(new TextDecoder().decode(client.received), "pong");
    });
  }
}

Deno.test("a share for another group is answered with a HelloRetryRequest, and the handshake completes", () => {
  using pair = connect({
    fields: { groups: [NamedGroup.secp384r1, NamedGroup.x25519] },
    shareGroups: [NamedGroup.secp384r1],
  });
  const { client, server } = pair;
  assert.deepEqual(client.messageTypes, [HandshakeType.server_hello]);
  client.receive(server.receive(client.restart(NamedGroup.x25519)));
  finish(pair);
  assert.equal(client.changeCipherSpecs, 1, "one change_cipher_spec, after the HelloRetryRequest");
  assert.equal(server.event("handshake-complete").parameters.helloRetryRequest, true);
});

Deno.test("without a session id no change_cipher_spec is sent, with one there is one", () => {
  using without = connect({ fields: { sessionId: new Uint8Array(0) } });
  assert.equal(without.client.changeCipherSpecs, 0);
  using with32 = connect();
  assert.equal(with32.client.changeCipherSpecs, 1);
});

Deno.test("the first certificate that the client can verify is served", () => {
  using pair = connect({ fields: { signatureSchemes: [SignatureScheme.rsa_pss_rsae_sha384] } });
  finish(pair);
  const { parameters } = pair.server.event("handshake-complete");
  assert.equal(parameters.signatureScheme, SignatureScheme.rsa_pss_rsae_sha384);
  const verify = pair.client.messages.find(({ type }) => type === HandshakeType.certificate_verify)!;
  assert.equal(decodeCertificateVerify(verify).algorithm, SignatureScheme.rsa_pss_rsae_sha384);
});

Deno.test("PKCS#1 v1.5 is no scheme of TLS 1.3", () => {
  using pair = connect({ fields: { signatureSchemes: [SignatureScheme.rsa_pkcs1_sha256] } });
  assert.equal(pair.server.event("failed").alertSent, AlertDescription.handshake_failure);
  assert.equal(rsaCertificate.served.signatureSchemes.includes(SignatureScheme.rsa_pkcs1_sha256), true);
});

Deno.test("ALPN goes by the server's preference and fails when nothing is common", () => {
  for (const [offered, expected] of [[["http/1.1", "h2"], "h2"], [["spdy"], undefined]] as const) {
    using pool = LockedPool.open({ totalBytes: 4096 });
    using client = new ScriptedClient({ pool, fields: { alpnProtocols: offered } });
    using server = new TestServer();
    server.site = { ...testSite, alpnProtocols: ["h2", "http/1.1"] };
    client.receive(server.receive(client.start()));
    if (expected === undefined) {
      assert.equal(server.event("failed").alertSent, AlertDescription.no_application_protocol);
    } else {
      server.receive(client.finished());
      assert.equal(server.event("handshake-complete").parameters.alpnProtocol, expected);
    }
  }
});

Deno.test("the engine tells the name asked for, and refuses one nobody has", () => {
  using pool = LockedPool.open({ totalBytes: 4096 });
  using client = new ScriptedClient({ pool, fields: { serverName: "www.Holdfast.test" } });
  using server = new TestServer();
  server.site = undefined;
  client.receive(server.receive(client.start()));
  assert.equal(server.event("client-hello").clientHello.serverName, "www.holdfast.test");
  assert.equal(server.event("failed").alertSent, AlertDescription.unrecognized_name);
  assert.deepEqual(client.alerts, [{ level: 2, description: AlertDescription.unrecognized_name }]);
});

Deno.test("a handshake split into single bytes completes", () => {
  using pool = LockedPool.open({ totalBytes: 4096 });
  using client = new ScriptedClient({ pool });
  using server = new TestServer();
  for (const byte of client.start()) client.receive(server.receive(new Uint8Array([byte])));
  for (const byte of client.finished()) client.receive(server.receive(new Uint8Array([byte])));
  for (const byte of client.seal(ContentType.application_data, utf8.encode("hello"))) {
    server.receive(new Uint8Array([byte]));
  }
  assert.equal(new TextDecoder().decode(server.received), "hello");
});

Deno.test("a ClientHello in records of one byte completes", () => {
  using pool = LockedPool.open({ totalBytes: 4096 });
  using client = new ScriptedClient({ pool });
  using server = new TestServer();
  for (const byte of client.clientHello()) {
    client.receive(server.receive(new Uint8Array([ContentType.handshake, 3, 1, 0, 1, byte])));
  }
  client.receive(server.receive(client.finished()));
  assert.equal(server.engine.state, "connected");
});

Deno.test("a large send becomes records of full size, in order", () => {
  using pair = connect();
  finish(pair);
  const data = new Uint8Array(100_000).map((_, index) => index * 7);
  pair.server.engine.send(data);
  const output = pair.server.drain()!;
  assert.equal(output.length, data.length + 7 * 22);
  pair.client.receive(output);
  assert.deepEqual(pair.client.received, data);
});

Deno.test("the input is neither kept nor changed", () => {
  using pair = connect();
  finish(pair);
  const record = pair.client.seal(ContentType.application_data, utf8.encode("twice"));
  const before = record.slice();
  pair.server.receive(record.subarray(0, 9));
  assert.deepEqual(record, before);
  const rest = record.slice(9);
  record.fill(0);
  pair.server.receive(rest);
  assert.equal(new TextDecoder().decode(pair.server.received), "twice");
});

Deno.test("close_notify ends one direction at a time", () => {
  using pair = connect();
  finish(pair);
  const { client, server } = pair;
  server.receive(client.closeNotify());
  server.event("close-notify");
  assert.equal(server.engine.state, "connected");
  server.engine.send(utf8.encode("the rest"));
  server.engine.close();
  client.receive(server.drain());
  assert.equal(new TextDecoder().decode(client.received), "the rest");
  assert.deepEqual(client.alerts, [{ level: 1, description: AlertDescription.close_notify }]);
  assert.equal(server.engine.state, "closed");
  assert.equal(server.pool.blocksInUse, 0);
});

Deno.test("after our close_notify the peer's data still arrives", () => {
  using pair = connect();
  finish(pair);
  const { client, server } = pair;
  server.engine.close();
  client.receive(server.drain());
  server.receive(client.seal(ContentType.application_data, utf8.encode("late")));
  assert.equal(new TextDecoder().decode(server.received), "late");
  assert.throws(() => server.engine.send(utf8.encode("x")), { code: "engine-misused" });
  server.receive(client.closeNotify());
  assert.equal(server.engine.state, "closed");
});

Deno.test("strict mode gets the very messages that the transcript hash covers", () => {
  using pool = LockedPool.open({ totalBytes: 4096 });
  using client = new ScriptedClient({ pool });
  using server = new TestServer();
  const hello = client.clientHello();
  const record = new Uint8Array([
    ContentType.handshake,
    3,
    1,
    hello.length >> 8,
    hello.length & 255,
    ...hello,
  ]);
  client.receive(server.receive(record));
  const { request } = server.event("signature-needed");
  assert(request.kind === "tls13-certificate-verify");
  const flight = client.messages.slice(0, 3).flatMap(({ raw }) => [...raw]);
  assert.deepEqual([...request.handshakeMessages()], [...hello, ...flight]);
});

Deno.test("after a HelloRetryRequest strict mode gets both ClientHellos, and they hash to the same", () => {
  using pool = LockedPool.open({ totalBytes: 4096 });
  using client = new ScriptedClient({
    pool,
    fields: { groups: [NamedGroup.secp384r1, NamedGroup.x25519] },
    shareGroups: [NamedGroup.secp384r1],
  });
  using server = new TestServer();
  const first = client.start();
  client.receive(server.receive(first));
  client.receive(server.receive(client.restart(NamedGroup.x25519)));
  const { request } = server.event("signature-needed");
  assert(request.kind === "tls13-certificate-verify");
  const messages = request.handshakeMessages();
  const firstHello = first.subarray(5);
  assert.deepEqual(messages.subarray(0, firstHello.length), firstHello);
  const messageHash = digest("sha256", firstHello);
  const hash = digest(
    "sha256",
    new Uint8Array([HandshakeType.message_hash, 0, 0, messageHash.length]),
    messageHash,
    messages.subarray(firstHello.length),
  );
  assert.deepEqual(request.transcriptHash, hash);
});
