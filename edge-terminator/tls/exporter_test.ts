import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { LockedPool } from "../../shared/memory/locked_pool.ts";
import { ScriptedClient } from "../../test/peer/scripted_client.ts";
import { ScriptedTls12Client, usualTls12Extensions } from "../../test/peer/scripted_tls12_client.ts";
import { TestServer } from "../../test/peer/test_server.ts";
import { KeyingMaterialError } from "./errors.ts";
import { exportFrom } from "./exporter.ts";
import { Tls12MasterSecret } from "./tls12/master_secret.ts";
import type { TlsServerOptions } from "./server_options.ts";

const refused = (words: RegExp) => (error: unknown) =>
  error instanceof KeyingMaterialError && words.test(error.message);

/** A server that has completed a handshake of a version. */
function connected(
  version: "TLS 1.2" | "TLS 1.3",
  options: Omit<TlsServerOptions, "pool">,
  run: (server: TestServer) => void,
  extraExtensions = usualTls12Extensions,
): void {
  using pool = LockedPool.open({ totalBytes: 64 * 64 });
  using server = new TestServer(options);
  if (version === "TLS 1.3") {
    using client = new ScriptedClient({ pool });
    client.receive(server.receive(client.start()));
    server.receive(client.finished());
    run(server);
  } else {
    using client = new ScriptedTls12Client(pool, { extraExtensions });
    client.receive(server.receive(client.start()));
    server.receive(client.clientKeyExchange());
    server.receive(client.changeCipherSpec());
    server.receive(client.finished());
    run(server);
  }
}

for (const version of ["TLS 1.2", "TLS 1.3"] as const) {
  Deno.test(`${version}: only an engine that was told to keeps a secret for exports, one block, and gives it back`, () => {
    let usual = 0;
    connected(version, {}, (server) => {
      usual = server.pool.blocksInUse;
      assert.throws(() => server.engine.exportKeyingMaterial("x", undefined, 32), refused(/keeps no secret/));
    });
    connected(version, { exportsKeyingMaterial: true }, (server) => {
      const exported = server.engine.exportKeyingMaterial("x", undefined, 32);
      assert.equal(server.pool.blocksInUse, usual + 1);
      assert.notDeepEqual(server.engine.exportKeyingMaterial("y", undefined, 32), exported);
      assert.deepEqual(server.engine.exportKeyingMaterial("x", undefined, 32), exported);
      server.engine[Symbol.dispose]();
      assert.equal(server.pool.blocksInUse, 0);
      assert.throws(() => server.engine.exportKeyingMaterial("x", undefined, 32), refused(/is closed/));
    });
  });

  Deno.test(`${version}: what no exporter takes is refused`, () => {
    connected(version, { exportsKeyingMaterial: true }, ({ engine }) => {
      assert.throws(() => engine.exportKeyingMaterial("key expansion", undefined, 32), refused(/TLS's own/));
      if (version === "TLS 1.3") {
        assert.throws(() => engine.exportKeyingMaterial("", undefined, 32), refused(/label/));
      } else {
        assert.equal(engine.exportKeyingMaterial("", undefined, 32).length, 32);
      }
      assert.throws(() => engine.exportKeyingMaterial("ü", undefined, 32), refused(/label/));
      assert.throws(() => engine.exportKeyingMaterial("x".repeat(250), undefined, 32), refused(/label/));
      assert.throws(() => engine.exportKeyingMaterial("x", new Uint8Array(65_536), 32), refused(/context/));
      for (const length of [0, -1, 1.5, NaN, 65_537]) {
        assert.throws(() => engine.exportKeyingMaterial("x", undefined, length), refused(/length/));
      }
      assert.equal(engine.exportKeyingMaterial("x".repeat(249), new Uint8Array(65_535), 8160).length, 8160);
      assert.equal(engine.state, "connected");
    });
  });
}

Deno.test("an absent context is an empty one in TLS 1.3 and another in TLS 1.2", () => {
  const empty = new Uint8Array(0);
  connected("TLS 1.3", { exportsKeyingMaterial: true }, ({ engine }) => {
    assert.deepEqual(
      engine.exportKeyingMaterial("x", empty, 40),
      engine.exportKeyingMaterial("x", undefined, 40),
    );
  });
  connected("TLS 1.2", { exportsKeyingMaterial: true }, ({ engine }) => {
    assert.notDeepEqual(
      engine.exportKeyingMaterial("x", empty, 40),
      engine.exportKeyingMaterial("x", undefined, 40),
    );
  });
});

Deno.test("a TLS 1.2 handshake without an extended master secret exports nothing", () => {
  const options = { exportsKeyingMaterial: true, requiresExtendedMasterSecret: false };
  const withoutEms = usualTls12Extensions.slice(1);
  connected("TLS 1.2", options, ({ engine }) => {
    assert.throws(() => engine.exportKeyingMaterial("x", undefined, 32), refused(/keeps no secret/));
  }, withoutEms);
});

Deno.test("TLS 1.2's exporter with a context is RFC 5705's formula over node's HMAC", () => {
  using pool = LockedPool.open({ totalBytes: 4096 });
  const secret = pool.rent(48);
  secret.bytes.fill(7);
  using master = Tls12MasterSecret.adopt(pool, "sha256", secret);
  const randoms = { client: new Uint8Array(32).fill(1), server: new Uint8Array(32).fill(2) };
  const context = new Uint8Array([9, 8, 7]);
  const exported = exportFrom({ version: "TLS 1.2", secret: master, randoms }, "EXPORTER-x", context, 100);
  const key = new Uint8Array(48).fill(7);
  const mac = (...data: (Uint8Array | string)[]) =>
    data.reduce((hmac, part) => hmac.update(part), createHmac("sha256", key)).digest();
  const seed = ["EXPORTER-x", randoms.client, randoms.server, new Uint8Array([0, 3]), context];
  let a = mac(...seed);
  let expected = "";
  while (expected.length < 200) {
    expected += mac(a, ...seed).toString("hex");
    a = mac(a);
  }
  assert.equal(exported.toHex(), expected.slice(0, 200));
});
