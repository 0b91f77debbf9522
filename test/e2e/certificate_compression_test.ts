import assert from "node:assert/strict";
import { LockedPool } from "../../shared/memory/locked_pool.ts";
import { CertificateCompressionAlgorithm, ExtensionType, HandshakeType } from "../../shared/tls_constants.ts";
import { decodeCertificate } from "../../shared/tls_messages/certificate.ts";
import { openPage } from "../harness/clients/chromium.ts";
import type { ConfigTable } from "../harness/config_patch.ts";
import { keyServerConfig } from "../harness/default_configs.ts";
import type { Installation } from "../harness/installation.ts";
import { type System, withSystem } from "../harness/system.ts";
import { extension } from "../peer/hello_builder.ts";
import { inflateCertificate } from "../peer/inflate_certificate.ts";
import { ScriptedClient } from "../peer/scripted_client.ts";

/** Grants for a key server that reads the handshake itself. */
function strictGrants(installation: Installation): ConfigTable {
  const grants = keyServerConfig(installation, 0).grant as ConfigTable[];
  return { grant: grants.map((grant) => ({ ...grant, operations: ["sign-tls13"], transcript: "strict" })) };
}

/** A client that offers one algorithm, until the server's Finished is there. */
async function offer(system: System, algorithm: number): Promise<ScriptedClient> {
  using pool = LockedPool.open({ totalBytes: 4096 });
  using client = new ScriptedClient({
    pool,
    fields: {
      serverName: system.endpoint.serverName,
      extraExtensions: [
        extension(ExtensionType.compress_certificate, (writer) => writer.u16Vector8([algorithm])),
      ],
    },
  });
  using tcp = await Deno.connect({ hostname: system.endpoint.host, port: system.endpoint.port });
  await tcp.write(client.start());
  const buffer = new Uint8Array(16_384);
  while (!client.messageTypes.includes(HandshakeType.finished)) {
    const length = await tcp.read(buffer);
    assert(length !== null, "the edge closed the connection");
    client.receive(buffer.slice(0, length));
  }
  await tcp.write(client.finished());
  return client;
}

// Debian's GnuTLS and OpenSSL are built without certificate compression: Chromium is the real client that has it.
Deno.test("certificates are compressed for who offers it, and a strict key server inflates them before it signs", async (t) => {
  await withSystem({ keyServer: strictGrants, edge: { tls: { transcript: "strict" } } }, async (system) => {
    for (const [name, algorithm] of Object.entries(CertificateCompressionAlgorithm)) {
      await t.step(name, async () => {
        const { messages } = await offer(system, algorithm);
        const compressed = messages.find(({ type }) => type === HandshakeType.compressed_certificate);
        if (name === "zstd") return assert.equal(compressed, undefined);
        const { algorithm: used, inflated } = inflateCertificate(compressed!);
        assert.equal(used, algorithm);
        assert.equal(decodeCertificate(inflated, new Set()).certificateList.length, 2);
      });
    }
    await t.step("the handshakes were completed", async () => {
      await system.edge.record("three handshakes", () => {
        const done = system.edge.lines.filter((line) => line.includes('"event":"handshake","result":"ok"'));
        return done.length === 3;
      });
    });
    await t.step("Chromium, which offers brotli", async () => {
      assert.equal((await openPage(system.endpoint)).status, 200);
    });
  });
});
