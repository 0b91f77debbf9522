import assert from "node:assert/strict";
import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import { AlertDescription, CipherSuite, ContentType } from "../../../shared/tls_constants.ts";
import { randomPremaster } from "../../../test/harness/rsa_ciphertexts.ts";
import { testMasterSecret } from "../../../test/harness/tls12_master_secret.ts";
import type { HelloFields } from "../../../test/peer/hello_builder.ts";
import { ScriptedTls12Client, usualTls12Extensions } from "../../../test/peer/scripted_tls12_client.ts";
import { rsaCertificate, TestServer } from "../../../test/peer/test_server.ts";
import { allCipherSuites, rsaKeyExchangeSuites } from "../cipher_suites.ts";
import type { RsaDecryptionRequest } from "../server_events.ts";
import type { TlsServerOptions } from "../server_options.ts";

const rsaOn = { cipherSuites: [...allCipherSuites, ...rsaKeyExchangeSuites] };
const rsaClient = { cipherSuites: rsaKeyExchangeSuites };
const ciphertext = new Uint8Array(256).fill(7);

interface Pair {
  readonly client: ScriptedTls12Client;
  readonly server: TestServer;
}

function withPair(
  run: (pair: Pair) => void,
  fields: Partial<HelloFields> = rsaClient,
  options: Omit<TlsServerOptions, "pool"> = rsaOn,
): void {
  using pool = LockedPool.open({ totalBytes: 64 * 64 });
  using client = new ScriptedTls12Client(pool, fields);
  using server = new TestServer(options);
  run({ client, server });
}

/** Up to the question for the master secret. */
function askedFor(
  { client, server }: Pair,
  premaster: Uint8Array,
  encrypted = ciphertext,
): RsaDecryptionRequest {
  client.receive(server.receive(client.start()));
  server.receive(client.rsaClientKeyExchange(encrypted, premaster));
  assert.equal(server.engine.state, "awaiting-rsa-decryption");
  return server.event("rsa-decryption-needed").request;
}

/** What a key server answers that finds this premaster. */
function answerWith({ server }: Pair, request: RsaDecryptionRequest, premaster: Uint8Array): void {
  const master = server.pool.rent(48);
  master.bytes.set(testMasterSecret(request.hash, premaster, request.seed));
  server.engine.answerMasterSecret(master);
}

for (const suite of ["TLS_RSA_WITH_AES_128_GCM_SHA256", "TLS_RSA_WITH_AES_256_GCM_SHA384"] as const) {
  for (const extended of [true, false]) {
    Deno.test(`${suite} connects ${extended ? "with" : "without"} extended master secrets`, () => {
      const extraExtensions = extended ? usualTls12Extensions : usualTls12Extensions.slice(1);
      const fields = { cipherSuites: [CipherSuite[suite]], extraExtensions };
      withPair(
        (pair) => {
          const { client, server } = pair;
          const premaster = randomPremaster();
          const request = askedFor(pair, premaster);
          assert.equal(request.certificate, rsaCertificate.served);
          assert.equal(request.clientVersion, 0x0303);
          assert.equal(request.seed.form, extended ? "extended" : "randoms");
          assert.deepEqual(request.encryptedPreMasterSecret, ciphertext);
          answerWith(pair, request, premaster);
          server.receive(client.changeCipherSpec());
          client.receive(server.receive(client.finished()));
          assert.equal(server.engine.state, "connected");
          const { parameters } = server.event("handshake-complete");
          assert.deepEqual(
            [parameters.cipherSuite, parameters.group, parameters.signatureScheme],
            [CipherSuite[suite], 0, 0],
          );
          server.engine.send(new TextEncoder().encode("pong"));
          client.receive(server.drain());
          assert.equal(new TextDecoder().decode(client.received), "pong");
        },
        fields,
        { ...rsaOn, requiresExtendedMasterSecret: extended },
      );
    });
  }
}

Deno.test("L2: without its suites in the options no client gets RSA key exchange", () => {
  withPair(
    ({ client, server }) => {
      client.receive(server.receive(client.start()));
      assert.equal(client.alerts[0]?.description, AlertDescription.handshake_failure);
    },
    rsaClient,
    {},
  );
});

Deno.test("forward secrecy goes before the client's order, the server's order and the site's order of certificates", () => {
  const { TLS_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 } = CipherSuite;
  const cipherSuites = [TLS_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256];
  withPair(
    ({ client, server }) => {
      server.site = { ...server.site!, certificates: [...server.site!.certificates].reverse() };
      client.receive(server.receive(client.start()));
      assert.equal(client.serverHello?.cipherSuite, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256);
    },
    { cipherSuites },
    { cipherSuites },
  );
});

Deno.test("a client without a common group has RSA key exchange left", () => {
  const { TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_RSA_WITH_AES_128_GCM_SHA256 } = CipherSuite;
  const cipherSuites = [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_RSA_WITH_AES_128_GCM_SHA256];
  withPair(({ client, server }) => {
    client.receive(server.receive(client.start()));
    assert.equal(client.serverHello?.cipherSuite, TLS_RSA_WITH_AES_128_GCM_SHA256);
  }, { cipherSuites, groups: [21] });
});

Deno.test("whatever the ciphertext, the engine asks for it, and a wrong premaster ends in bad_record_mac at Finished", () => {
  for (const length of [0, 1, 255, 256, 257, 1025, 4000]) {
    withPair((pair) => {
      const { client, server } = pair;
      const encrypted = new Uint8Array(length);
      const request = askedFor(pair, randomPremaster(), encrypted);
      assert.deepEqual(request.encryptedPreMasterSecret, encrypted);
      answerWith(pair, request, randomPremaster());
      assert.equal(server.receive(client.changeCipherSpec()), undefined, "not a word before Finished");
      const reply = server.receive(client.finished());
      assert.deepEqual(reply, Uint8Array.of(21, 3, 3, 0, 2, 2, AlertDescription.bad_record_mac));
    });
  }
});

Deno.test("what the client sends behind its premaster waits for the answer", () => {
  withPair((pair) => {
    const { client, server } = pair;
    const premaster = randomPremaster();
    const request = askedFor(pair, premaster);
    server.receive(client.changeCipherSpec());
    server.receive(client.finished());
    assert.equal(server.engine.state, "awaiting-rsa-decryption");
    assert.equal(server.engine.wantsInput, false);
    answerWith(pair, request, premaster);
    assert.equal(server.engine.state, "connected");
  });
});

Deno.test("without an answer the client gets internal_error; one that comes too late goes back to the pool", () => {
  withPair((pair) => {
    const { client, server } = pair;
    const premaster = randomPremaster();
    const request = askedFor(pair, premaster);
    server.engine.failPrivateKeyOperation(new Error("the key server is gone"));
    client.receive(server.drain());
    assert.equal(client.alerts[0]?.description, AlertDescription.internal_error);
    answerWith(pair, request, premaster);
    assert.equal(server.pool.blocksInUse, 0);
  });
});

Deno.test("a master secret that nobody asked for is a misuse, and goes back to the pool", () => {
  withPair((pair) => {
    const { client, server } = pair;
    client.receive(server.receive(client.start()));
    const blocks = server.pool.blocksInUse;
    assert.throws(() => server.engine.answerMasterSecret(server.pool.rent(48)), {
      code: "engine-misused",
    });
    assert.equal(server.pool.blocksInUse, blocks);
  });
});

Deno.test("a ClientKeyExchange whose length is not that of its ciphertext is refused with decode_error", () => {
  withPair(({ client, server }) => {
    client.receive(server.receive(client.start()));
    const message = client.rsaClientKeyExchange(ciphertext, randomPremaster());
    // The ciphertext's length, behind the headers of record and message.
    const reply = server.receive(message.with(9, 0xff));
    client.receive(reply);
    assert.equal(client.alerts[0]?.description, AlertDescription.decode_error);
    assert.equal(reply?.[0], ContentType.alert);
  });
});
