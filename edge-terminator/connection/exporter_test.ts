import assert from "node:assert/strict";
import { sign } from "node:crypto";
import { runCommand } from "../../test/harness/command.ts";
import { TlsServerEngine } from "../tls/server_engine.ts";
import type { SignatureRequest } from "../tls/server_events.ts";
import { LocalEdge } from "./testing/local_edge.ts";
import { siteName, type SoftwareKey } from "./testing/software_key.ts";
import type { ConnectionContext } from "./context.ts";
import type { LockedPool } from "../../shared/memory/locked_pool.ts";

const label = "EXPORTER-holdfast";

async function signEither(request: SignatureRequest, key: SoftwareKey): Promise<Uint8Array> {
  if (request.kind === "tls13-certificate-verify") return key.signTranscript(request.transcriptHash);
  assert(request.kind === "tls12-server-key-exchange");
  const content = new Blob([request.clientRandom, request.serverRandom, request.params] as BlobPart[]);
  return new Uint8Array(sign("sha256", await content.bytes(), key.privateKey));
}

/** Every connection gets the keying material of its own engine, in hexadecimal, and its end. */
function tellingKeyingMaterial(context: ConnectionContext, pool: LockedPool): ConnectionContext {
  let engine: TlsServerEngine;
  return {
    ...context,
    createEngine: () => engine = new TlsServerEngine({ pool, exportsKeyingMaterial: true }),
    findSite: (name, protocols) => {
      const site = context.findSite(name, protocols);
      return site && {
        ...site,
        open: (socket, parameters, client) => {
          const application = site.open(socket, parameters, client);
          const exported = engine.exportKeyingMaterial(label, undefined, 200);
          queueMicrotask(() => {
            client.send(new TextEncoder().encode(`server: ${exported.toHex()}\n`));
            client.endSending();
          });
          return application;
        },
      };
    },
  };
}

Deno.test("openssl s_client exports the same keying material as the engine, in TLS 1.2 and 1.3", async () => {
  const backend = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  try {
    const { port } = backend.addr;
    await using edge = await LocalEdge.start({
      backend: { host: "127.0.0.1", port },
      sign: signEither,
      change: tellingKeyingMaterial,
    });
    for (const version of ["-tls1_2", "-tls1_3"]) {
      for (const suite of ["AES128-GCM-SHA256", "AES256-GCM-SHA384"]) {
        const { stdout, stderr } = await runCommand("openssl", [
          ...["s_client", "-connect", `127.0.0.1:${edge.address.port}`, "-servername", siteName, version],
          ...["-ign_eof", "-keymatexport", label, "-keymatexportlen", "200"],
          ...["-cipher", `ECDHE-ECDSA-${suite}`],
          ...["-ciphersuites", `TLS_${suite.replace("AES", "AES_").replaceAll("-", "_")}`],
        ]);
        const clients = /Keying material: ([0-9A-F]+)/.exec(stdout)?.[1];
        assert.equal(clients?.length, 400, stdout + stderr);
        assert.equal(/server: ([0-9a-f]+)/.exec(stdout)?.[1], clients.toLowerCase());
      }
    }
  } finally {
    backend.close();
  }
});
