import assert from "node:assert/strict";
import { ApiClient } from "./admin/client/api_client.ts";
import { edgeIdentity } from "../test/harness/identities.ts";
import { poll } from "../test/harness/poll.ts";
import type { KeylessAnswer } from "../shared/keyless_protocol/answers.ts";
import type { ConfigTable } from "../test/harness/config_patch.ts";
import type { Installation } from "../test/harness/installation.ts";
import { openRegistry, put } from "./registry/testing/entities.ts";
import { KeyServerSetup } from "./test_setup.ts";

const oneKey = [{ name: "www-ecdsa", type: "ecdsa-p256" }] as const;
const [pop1, pop2] = [edgeIdentity("pop1"), edgeIdentity("pop2")];
const ping = { operation: "ping" } as const;

/** A registry in a file, an admin API for the test's own user, and both edges permitted. */
function lasting(installation: Installation): ConfigTable {
  return {
    registry: { path: "registry.sqlite" },
    admin_api: { unix: "admin.sock", administrator: [{ uid: Deno.uid()!, role: "admin" }] },
    grant: [pop1, pop2].map((edge) => ({ edge, key: "www-ecdsa", operations: ["sign-tls13"] })),
    limits: { probe_interval_ms: 200 },
    key: installation.token.keys.slice(0, 1).map(({ name }) => ({
      name,
      uri: `pkcs11:object=${name};type=private`,
      certificate: `${name}.pem`,
    })),
  };
}

function administrator(setup: KeyServerSetup): Promise<ApiClient> {
  return ApiClient.open({ socket: setup.installation.file("admin.sock") });
}

const codeOf = (answer: KeylessAnswer | undefined) => answer?.type === "error" ? answer.code : answer?.type;
const path = (edge: string, verb: string) => `/v1/edges/${encodeURIComponent(edge)}/${verb}`;

Deno.test("revoking an edge under load cuts it and refuses it with words, also after kill -9; another loses nothing", async () => {
  await using setup = await KeyServerSetup.start({ keys: oneKey, patch: lasting });
  const admin = await administrator(setup);
  const request = await setup.request();
  using thrownOut = await setup.dial();
  using other = await setup.dial(await setup.identity("pop2"));
  assert.equal(codeOf(await thrownOut.ask(request)), "signature");
  let going = true;
  const load = (async () => {
    const codes = new Set<string | undefined>();
    while (going) codes.add(codeOf(await other.ask(request)));
    return codes;
  })();
  await admin.post(path(pop1, "revoke"), { reason: "its host was broken into" });
  const lastWord = await thrownOut.answer(0);
  assert.equal(
    lastWord?.type === "error" && lastWord.reason,
    "the edge is revoked: its host was broken into",
  );
  assert.equal(await thrownOut.closed(), true);
  const refused = async () => {
    using again = await setup.dial();
    const word = await again.answer(0);
    return word?.type === "error" ? word.reason : "taken";
  };
  assert.match(await refused(), /revoked/);
  going = false;
  assert.deepEqual(await load, new Set(["signature"]));
  const labels = { reason: "revoked" };
  assert.equal(await setup.server.metric("holdfast_key_server_connections_refused_total", labels), 2);

  await setup.server.kill();
  await setup.server.restart();
  await setup.server.ready();
  assert.match(await refused(), /revoked/);
  using otherAgain = await setup.dial(await setup.identity("pop2"));
  assert.equal(codeOf(await otherAgain.ask(request)), "signature");
  assert.ok(setup.server.records.some(({ event }) => event === "configuration-superseded"));
});

Deno.test("an edge that is taken back needs a certificate from after that", async () => {
  await using setup = await KeyServerSetup.start({ keys: oneKey, patch: lasting });
  const admin = await administrator(setup);
  const { pki } = setup.installation;
  const former = await setup.identity();
  await admin.post(path(pop1, "revoke"));
  await admin.post(path(pop1, "readmit"));
  using client = await setup.dial(former);
  const word = await client.answer(0);
  assert.match(word?.type === "error" ? word.reason : "", /from before its last revocation/);
  // X.509 counts seconds: the next one begins after the readmission for certain.
  await poll("a certificate from after", async () => {
    using renewed = await setup.dial(await pki.edgeIdentity(pop1, { notBefore: new Date() }));
    return (await renewed.ask(ping))?.type === "pong";
  });
});

Deno.test("keys come and go while the key server runs: found in the token, permitted, retired", async () => {
  const keys = [...oneKey, { name: "later", type: "ecdsa-p384" }] as const;
  await using setup = await KeyServerSetup.start({ keys, patch: lasting });
  const admin = await administrator(setup);
  using client = await setup.dial();
  const request = await setup.request("later", {
    signatureScheme: 0x0503,
    transcript: { form: "hash", transcriptHash: new Uint8Array(48) },
  });
  assert.equal(codeOf(await client.ask(request)), "unknown-key");
  await admin.post("/v1/key-references", {
    name: "k-later",
    uri: "pkcs11:object=later;type=private",
    purposes: ["sign-tls13"],
  });
  await poll("the key answers", async () => codeOf(await client.ask(request)) === "not-authorised");
  await admin.post("/v1/names", { name: "later.holdfast.test", keys: ["k-later"] });
  const permission = { subject: { edge: pop1 }, name: "later.holdfast.test", operations: ["sign-tls13"] };
  await admin.post("/v1/permissions/allow", permission);
  assert.equal(codeOf(await client.ask(request)), "signature");
  const inFlight = await Promise.all(Array.from({ length: 20 }, () => client.send(request)));
  await client.answer(inFlight[0]!);
  await admin.patch("/v1/names/later.holdfast.test", { removeKeys: ["k-later"] });
  await admin.post("/v1/keys/k-later/retire");
  for (const id of inFlight.slice(1)) assert.equal(codeOf(await client.answer(id)), "signature");
  assert.equal(codeOf(await client.ask(request)), "unknown-key");
  assert.equal(codeOf(await client.ask(await setup.request())), "signature");
});

Deno.test("after the import the file's keys and grants count no more, and a key that cannot be loaded stops no other", async () => {
  const keys = [...oneKey, { name: "other", type: "ecdsa-p256" }] as const;
  const everyKey = (installation: Installation) => ({
    ...lasting(installation),
    key: keys.map(({ name }) => ({ name, uri: `pkcs11:object=${name};type=private` })),
    grant: keys.map(({ name: key }) => ({ edge: pop1, key, operations: ["sign-tls13"] })),
  });
  await using setup = await KeyServerSetup.start({ keys, patch: everyKey });
  const file = setup.installation.file("key-server-0.toml");
  const requests = [await setup.request("www-ecdsa"), await setup.request("other")];
  const answers = async () => {
    using client = await setup.dial();
    return [codeOf(await client.ask(requests[0]!)), codeOf(await client.ask(requests[1]!))];
  };
  await setup.server.kill();
  // Nobody looks at them.
  await Deno.writeTextFile(file, (await Deno.readTextFile(file)).replaceAll("object=", "object=absent"));
  await setup.server.restart();
  await setup.server.ready();
  assert.deepEqual(await answers(), ["signature", "signature"]);

  await setup.server.kill();
  {
    using registry = openRegistry(setup.installation.file("registry.sqlite"));
    const other = registry.state.get("key", "other")!;
    put(registry, { kind: "key", put: { ...other, uri: "pkcs11:object=absent;type=private" } });
  }
  await setup.server.restart();
  const { body } = await poll("its readiness", async () => {
    const readiness = await setup.server.admin("/readyz").catch(() => undefined);
    return readiness?.status === 503 ? readiness : undefined;
  });
  assert.match(body, /"other":\{"ok":false,"error":"Cannot load the key other.*object=absent/);
  assert.deepEqual(await answers(), ["signature", "unknown-key"]);
});
