import assert from "node:assert/strict";
import { ApiClient } from "../../key-server/admin/client/api_client.ts";
import { opensslClient } from "../harness/clients/openssl_client.ts";
import { edgeIdentity } from "../harness/identities.ts";
import type { Installation } from "../harness/installation.ts";
import { poll } from "../harness/poll.ts";
import { withSystem } from "../harness/system.ts";

/** Both edges are permitted, by a registry that lasts. */
const keyServer = ({ token }: Installation) => ({
  registry: { path: "registry.sqlite" },
  admin_api: { unix: "admin.sock", administrator: [{ uid: Deno.uid()!, role: "admin" }] },
  grant: ["pop1", "pop2"].flatMap((edge) =>
    token.keys.map(({ name }) => ({
      edge: edgeIdentity(edge),
      key: name,
      operations: ["sign-tls13", "sign-tls12"],
    }))
  ),
});

Deno.test("a revoked edge gets no handshake signed any more and says why, also after both restart; the other loses none", async () => {
  await withSystem({ keyServer }, async (system) => {
    const { installation, keyServer: server } = system;
    await using second = await installation.startEdge({ index: 1, name: "pop2" });
    const toSecond = { ...system.endpoint, ...installation.address("edge", 1) };
    assert((await opensslClient(toSecond)).verified);
    let going = true;
    const load = (async () => {
      const outcomes: boolean[] = [];
      while (going) outcomes.push((await opensslClient(system.endpoint)).verified);
      return outcomes;
    })();

    const admin = await ApiClient.open({ socket: installation.file("admin.sock") });
    const identity = encodeURIComponent(edgeIdentity("pop2"));
    await admin.post(`/v1/edges/${identity}/revoke`, { reason: "its host was broken into" });
    assert.equal((await opensslClient(toSecond)).verified, false);
    await poll(
      "the edge's own log to say why",
      () => Promise.resolve(second.lines.some((line) => /revoked: its host was broken into/.test(line))),
    );
    going = false;
    const outcomes = await load;
    assert(outcomes.length > 0 && outcomes.every((verified) => verified), `${outcomes}`);

    await server.kill();
    await server.restart();
    await server.ready();
    await second.kill();
    await second.restart();
    await poll(
      "the second edge to be up",
      async () => (await second.admin("/healthz").catch(() => undefined))?.status === 200,
    );
    assert.equal((await opensslClient(toSecond)).verified, false);
    await poll(
      "the first edge to be served again",
      async () => (await opensslClient(system.endpoint)).verified,
    );
    assert(await server.metric("holdfast_key_server_connections_refused_total", { reason: "revoked" }) > 0);
  });
});
