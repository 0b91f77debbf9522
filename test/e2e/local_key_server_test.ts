import assert from "node:assert/strict";
import type { SocketAddress } from "../../shared/config/address.ts";
import { curl } from "../harness/clients/curl.ts";
import { edgeConfig, keyServerConfig } from "../harness/default_configs.ts";
import { greeting, HttpBackend } from "../harness/http_backend.ts";
import { edgeIdentity } from "../harness/identities.ts";
import { type Installation } from "../harness/installation.ts";
import { withSystem } from "../harness/system.ts";

Deno.test("M23: an edge asks a key server, and reaches a backend, over unix sockets of its own host alone", async () => {
  const keyServer = (installation: Installation) => ({
    ...keyServerConfig(installation, 0),
    unix: {
      path: "key server local.sock",
      peers: [{ uid: Deno.uid() ?? -1, identity: edgeIdentity("pop1") }],
    },
  });
  const edge = (installation: Installation) => ({
    key_server: [{ unix: "key server local.sock" }],
    site: (edgeConfig(installation, "pop1", 0).site as Record<string, string>[]).map((site) => ({
      ...site,
      backend: "unix:backend.sock",
    })),
  });
  await withSystem({ keyServer, edge }, async (system) => {
    const path: SocketAddress = { path: system.installation.file("backend.sock") };
    await using local = HttpBackend.start(path);
    const answer = await curl(system.endpoint);
    assert.equal(answer.response, greeting, answer.output);
    assert(answer.verified);
    assert.equal(await system.signatures(), 1);
    assert.equal(local.requests.length, 1);
    assert.equal(system.backend.requests.length, 0);
  });
});
