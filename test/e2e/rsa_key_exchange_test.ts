import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { gnutlsClient } from "../harness/clients/gnutls_client.ts";
import { opensslClient } from "../harness/clients/openssl_client.ts";
import { greeting } from "../harness/http_backend.ts";
import { poll } from "../harness/poll.ts";
import { type System, withSystem } from "../harness/system.ts";
import { RecordedSession } from "./recorded_session.ts";
import { RecordingProxy } from "./recording_proxy.ts";

const keys = [{ name: "www-rsa", type: "rsa-2048", known: true, decrypts: true }] as const;
const rsaOn = { tls: { rsa_key_exchange: true, extended_master_secret: "optional" } };

function decryptions(system: System): Promise<number> {
  return system.keyServer.metric("holdfast_key_server_operations_total", {
    operation: "rsa-key-exchange",
    result: "ok",
  });
}

/** s_client with TLS 1.2 and these suites, by OpenSSL's names. */
const openssl = (system: System, cipherSuites: string) =>
  opensslClient(system.endpoint, { version: "1.2", cipherSuites });

Deno.test("RSA key exchange serves openssl and gnutls, with and without extended master secrets", async () => {
  await withSystem({ keys, edge: rsaOn }, async (system) => {
    const before = await system.edge.metric("holdfast_pool_blocks_used");
    const logged = async (cipherSuite: string) =>
      await system.edge.record(
        `a handshake with ${cipherSuite}`,
        (record) =>
          record.event === "handshake" && record.cipherSuite === cipherSuite && record.result === "ok",
      );
    for (
      const [name, cipherSuite] of [
        ["AES128-GCM-SHA256", "TLS_RSA_WITH_AES_128_GCM_SHA256"],
        ["AES256-GCM-SHA384", "TLS_RSA_WITH_AES_256_GCM_SHA384"],
      ] as const
    ) {
      const result = await openssl(system, name);
      assert.ok(result.verified, result.output);
      assert.ok(result.response.endsWith(greeting), result.output);
      assert.match(result.output, /Extended master secret: yes/);
      assert.equal((await logged(cipherSuite)).group, undefined);
    }
    for (const more of ["", ":%NO_SESSION_HASH"]) {
      const priority = `NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA:-CIPHER-ALL:+AES-128-GCM${more}`;
      const result = await gnutlsClient(system.endpoint, { priority });
      assert.ok(result.verified, result.output);
      assert.ok(result.response.endsWith(greeting), result.output);
      assert.equal(/^- Options:.*extended master secret/m.test(result.output), more === "", result.output);
    }
    assert.equal(await decryptions(system), 4);
    await poll(
      "no secret left",
      async () => await system.edge.metric("holdfast_pool_blocks_used") === before,
    );
    assert.equal(await system.keyServer.metric("holdfast_pool_blocks_used"), 1, "the rejection secret");
  });
});

Deno.test("L2: RSA key exchange is off by default, and the last choice where it is on", async () => {
  await withSystem({ keys }, async (system) => {
    const refused = await openssl(system, "AES128-GCM-SHA256:AES256-GCM-SHA384");
    assert.equal(refused.alert, 40, refused.output);
    assert.equal(await decryptions(system), 0);
  });
  await withSystem({ keys, edge: rsaOn }, async (system) => {
    const result = await openssl(system, "AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384");
    assert.equal(result.negotiated.cipherSuite, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", result.output);
    assert.equal(await decryptions(system), 0);
  });
});

/** Records one session of these suites. */
async function record(system: System, cipherSuites: string): Promise<RecordedSession> {
  await using proxy = RecordingProxy.start(system.installation.address("edge"));
  const endpoint = { ...system.endpoint, ...proxy.address };
  const result = await opensslClient(endpoint, { version: "1.2", cipherSuites, path: "/?a-secret" });
  assert.ok(result.response.endsWith(greeting), result.output);
  return new RecordedSession(proxy.fromClient, proxy.fromServer);
}

Deno.test("L2: a recorded ECDHE session plus the leaked certificate key decrypts nothing, unlike one of RSA key exchange", async () => {
  await withSystem({ keys, edge: rsaOn }, async (system) => {
    const [key] = system.installation.token.keys;
    // deno-lint-ignore no-explicit-any -- node's JsonWebKey and the DOM's are not one type
    const leaked = createPrivateKey({ key: key!.privateKey as any, format: "jwk" });
    const secret = /GET \/\?a-secret HTTP/;
    const rsa = await record(system, "AES128-GCM-SHA256");
    assert.match(rsa.decryptedWith(leaked) ?? "", secret, "the control: the tool works");
    assert.match(rsa.decryptedWithAnything(leaked, 256) ?? "", secret, "so does its search");
    const ecdhe = await record(system, "ECDHE-RSA-AES128-GCM-SHA256");
    assert.throws(() => ecdhe.decryptedWith(leaked), "there is no encrypted premaster");
    assert.equal(ecdhe.decryptedWithAnything(leaked, 256), undefined);
  });
});
