import assert from "node:assert/strict";
import { opensslClient } from "../harness/clients/openssl_client.ts";
import { greeting } from "../harness/http_backend.ts";
import { type System, withSystem } from "../harness/system.ts";

/** `openssl s_client` over TLS 1.2 without tickets. */
async function connect(system: System, ...extraArguments: string[]) {
  const result = await opensslClient(system.endpoint, {
    version: "1.2",
    extraArguments: ["-no_ticket", ...extraArguments],
  });
  assert(result.response.endsWith(greeting), result.output);
  return { resumed: /^Reused, TLSv1.2/m.test(result.output), output: result.output };
}

Deno.test("S16: openssl without tickets resumes a TLS 1.2 session by its id, and the key server signs nothing", async () => {
  await withSystem({}, async (system) => {
    const file = system.installation.file("session.pem");
    assert.equal((await connect(system, "-sess_out", file)).resumed, false);
    assert.equal(await system.signatures("sign-tls12"), 1);
    for (let again = 0; again < 3; again++) {
      const { resumed, output } = await connect(system, "-sess_in", file);
      assert(resumed, output);
    }
    assert.equal(await system.signatures("sign-tls12"), 1);
    await system.edge.record(
      "a resumption",
      (record) => record.event === "handshake" && record.resumed === true && record.version === "TLSv1.2",
    );
  });
});

Deno.test("an edge that keeps no sessions, or few, serves who comes back with an old id a full handshake", async () => {
  await withSystem({ edge: { tls: { session_cache: 1 } } }, async (system) => {
    const [first, second] = ["first.pem", "second.pem"].map((name) => system.installation.file(name));
    await connect(system, "-sess_out", first!);
    await connect(system, "-sess_out", second!);
    assert.equal((await connect(system, "-sess_in", second!)).resumed, true);
    assert.equal((await connect(system, "-sess_in", first!)).resumed, false);
  });
  await withSystem({ edge: { tls: { session_cache: 0 } } }, async (system) => {
    const file = system.installation.file("session.pem");
    const { output } = await connect(system, "-sess_out", file);
    assert.match(output, /^ {4}Session-ID: $/m);
  });
});

for (const source of ["local", "off"]) {
  Deno.test(`S16: a session id resumes at every worker of the edge, with tickets "${source}"`, async () => {
    await withSystem({ edge: { workers: 3, tickets: { source } } }, async (system) => {
      const file = system.installation.file("session.pem");
      const hits = (place: string) =>
        system.edge.metric("holdfast_edge_session_lookups_total", { place, result: "hit" });
      await connect(system, "-sess_out", file);
      // The kernel spreads connections over the workers by their ports.
      for (let again = 0; again < 60 && (await hits("sibling") < 2 || await hits("local") < 1); again++) {
        const { resumed, output } = await connect(system, "-sess_in", file);
        assert(resumed, output);
      }
      assert(await hits("sibling") >= 2 && await hits("local") >= 1, "no worker asked another");
      assert.equal(await system.signatures("sign-tls12"), 1);
    });
  });
}
