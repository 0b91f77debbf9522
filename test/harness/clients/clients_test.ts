/** The clients against `openssl s_server`: what they report must be true before it is asserted of an edge. */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { DevelopmentPki } from "../../../certs/dev_pki.ts";
import { generateKeyPair, privateKeyPem } from "../../../certs/key_pair.ts";
import { writePublic, writeSecret } from "../../../certs/write.ts";
import { ownLoopbackAddress } from "../loopback.ts";
import { poll } from "../poll.ts";
import { ChildProcess } from "../processes/child_process.ts";
import { TemporaryFolder } from "../temporary_folder.ts";
import { openPage } from "./chromium.ts";
import { curl } from "./curl.ts";
import { gnutlsClient } from "./gnutls_client.ts";
import type { ClientResult, Endpoint } from "./negotiated.ts";
import { opensslClient } from "./openssl_client.ts";

const serverName = "www.holdfast.test";

async function withServer(run: (endpoint: Endpoint, strangerRoot: string) => Promise<void>): Promise<void> {
  await using folder = await TemporaryFolder.create();
  const pki = await DevelopmentPki.create();
  const keys = await generateKeyPair();
  await writePublic(folder.file("chain.pem"), await pki.siteCertificate(keys.publicKeyInfo, [serverName]));
  await writeSecret(folder.file("site.key"), await privateKeyPem(keys));
  await writePublic(folder.file("web.pem"), pki.web.intermediatesPem);
  await writePublic(folder.file("root.pem"), pki.webRoot.certificatePem);
  await writePublic(folder.file("stranger.pem"), pki.edges.certificatePem);
  const endpoint = { host: ownLoopbackAddress(), port: 8443, serverName, rootFile: folder.file("root.pem") };
  await using server = new ChildProcess({
    name: "s_server",
    command: "openssl",
    args: ["s_server", "-accept", `${endpoint.host}:8443`, "-www", "-alpn", "http/1.1", "-tls1_3", "-quiet"]
      .concat(
        "-cert",
        folder.file("chain.pem"),
        "-cert_chain",
        folder.file("web.pem"),
        "-key",
        folder.file("site.key"),
      ),
  });
  await poll("s_server", async () => {
    assert.equal(server.end, undefined, server.lines.join("\n"));
    (await Deno.connect({ hostname: endpoint.host, port: endpoint.port })).close();
    return true;
  });
  await run(endpoint, folder.file("stranger.pem"));
}

function assertFetched(result: ClientResult): void {
  assert(result.verified, result.output);
  assert.match(result.response, /Ciphers supported in s_server binary/);
}

Deno.test("openssl's client reports suite, group, scheme and ALPN as they were asked for", () =>
  withServer(async (endpoint) => {
    const result = await opensslClient(endpoint, {
      cipherSuites: "TLS_CHACHA20_POLY1305_SHA256",
      groups: "P-384",
      alpn: "http/1.1",
    });
    assertFetched(result);
    assert.deepEqual(result.negotiated, {
      version: "TLSv1.3",
      cipherSuite: "TLS_CHACHA20_POLY1305_SHA256",
      group: "secp384r1",
      signatureScheme: "ecdsa_secp256r1_sha256",
      alpn: "http/1.1",
    });
    const [x25519, p256] = await Promise.all(
      ["X25519", "P-256"].map((groups) => opensslClient(endpoint, { groups })),
    );
    assert.deepEqual([x25519?.negotiated.group, p256?.negotiated.group], ["x25519", "secp256r1"]);
  }));

Deno.test("gnutls' client reports suite, group, scheme and ALPN", () =>
  withServer(async (endpoint) => {
    const priority = "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM:-GROUP-ALL:+GROUP-X25519";
    const result = await gnutlsClient(endpoint, { priority, alpn: "http/1.1" });
    assertFetched(result);
    assert.deepEqual(result.negotiated, {
      version: "TLSv1.3",
      cipherSuite: "TLS_AES_128_GCM_SHA256",
      group: "x25519",
      signatureScheme: "ecdsa_secp256r1_sha256",
      alpn: "http/1.1",
    });
  }));

Deno.test("curl reports version, suite and status, with the body as response", () =>
  withServer(async (endpoint) => {
    const result = await curl(endpoint);
    assertFetched(result);
    assert.equal(result.status, 200);
    assert.deepEqual(result.negotiated, {
      version: "TLSv1.3",
      cipherSuite: "TLS_AES_256_GCM_SHA384",
      alpn: "http/1.1",
    });
    assert(result.handshakeSeconds > 0);
    assert.deepEqual(result.chain.map((pem) => new X509Certificate(pem).subject), [
      `CN=${serverName}`,
      "CN=Holdfast Development Web CA",
    ]);
  }));

Deno.test("Chromium verifies by the root in its own home and reports version, suite, group and scheme", () =>
  withServer(async (endpoint) => {
    const result = await openPage(endpoint);
    assertFetched(result);
    assert.equal(result.status, 200);
    assert.deepEqual(result.negotiated, {
      version: "TLSv1.3",
      cipherSuite: "TLS_AES_128_GCM_SHA256",
      group: "x25519",
      signatureScheme: "ecdsa_secp256r1_sha256",
    });
  }));

Deno.test("no client verifies a chain to another root, or another name", () =>
  withServer(async (endpoint, strangerRoot) => {
    for (
      const wrong of [{ ...endpoint, rootFile: strangerRoot }, {
        ...endpoint,
        serverName: "other.holdfast.test",
      }]
    ) {
      const results = [await opensslClient(wrong), await gnutlsClient(wrong), await curl(wrong)];
      assert.deepEqual(results.map(({ verified }) => verified), [false, false, false]);
      assert.deepEqual(results.map(({ response }) => response), ["", "", ""]);
      await assert.rejects(openPage(wrong), /ERR_CERT_/);
    }
  }));
