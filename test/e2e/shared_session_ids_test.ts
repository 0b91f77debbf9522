import assert from "node:assert/strict";
import { opensslClient } from "../harness/clients/openssl_client.ts";
import type { Endpoint } from "../harness/clients/negotiated.ts";
import { greeting } from "../harness/http_backend.ts";
import { poll } from "../harness/poll.ts";
import { endpointsOf, withTwoEdges } from "../harness/two_edges.ts";

/** `openssl s_client` over TLS 1.2 without tickets. */
async function connect(endpoint: Endpoint, ...extraArguments: string[]) {
  const result = await opensslClient(endpoint, {
    version: "1.2",
    extraArguments: ["-no_ticket", ...extraArguments],
  });
  assert(result.response.endsWith(greeting), result.output);
  return /^Reused, TLSv1.2/m.test(result.output);
}

const tickets = { source: "hub", edge_ca: "edge-ca.pem" };

Deno.test("S16: a session id resumes at every worker of another edge, and the key server signs nothing for it", async () => {
  await withTwoEdges({ workers: 2, tickets, tls: { session_peers: true } }, async (system, second) => {
    const [here, there] = endpointsOf(system);
    const file = system.installation.file("session.pem");
    const hits = () => second.metric("holdfast_edge_session_lookups_total", { place: "peer", result: "hit" });
    // An id says which edge made it only once the edge knows that itself.
    await poll("a session that the other edge finds", async () => {
      await connect(here, "-sess_out", file);
      return await connect(there, "-sess_in", file) || undefined;
    });
    const signed = await system.signatures("sign-tls12");
    const before = await hits();
    let resumed = 0;
    for (let again = 0; again < 8; again++) if (await connect(there, "-sess_in", file)) resumed++;
    assert.equal(await hits() - before, resumed);
    assert(resumed >= 6, `${resumed} of 8`); // one that takes 100 ms on a busy machine is a full handshake
    assert.equal(await system.signatures("sign-tls12") - signed, 8 - resumed);
  });
});

Deno.test("without session_peers an edge asks no other: a full handshake", async () => {
  await withTwoEdges({ workers: 1, tickets }, async (system, second) => {
    const [here, there] = endpointsOf(system);
    const file = system.installation.file("session.pem");
    await connect(here, "-sess_out", file);
    assert.equal(await connect(there, "-sess_in", file), false);
    assert.equal(await second.metric("holdfast_edge_session_lookups_total", { place: "peer" }), 0);
  });
});
