/** One key in two tokens side by side. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Installation } from "../test/harness/installation.ts";
import { poll } from "../test/harness/poll.ts";
import { makeKnownKey } from "../test/harness/token/known_key.ts";
import { runTokenProgram } from "../test/harness/token/run_program.ts";
import { ShimModule } from "../test/harness/token/shim/shim_module.ts";
import type { TestClient } from "./test_client.ts";
import { KeyServerSetup } from "./test_setup.ts";

const known = makeKnownKey("ecdsa-p256");
const keys = [{ name: "www-ecdsa", type: "ecdsa-p256", given: known }] as const;
const uriIn = (token: string) => `pkcs11:token=${token};object=www-ecdsa;type=private`;

/** Makes a second token beside the first, with the same key in it. */
async function makeSecondToken({ token }: Installation): Promise<void> {
  const pin = (await Deno.readTextFile(token.pinFile)).trim();
  const { privateKey: key } = known;
  await runTokenProgram({
    modulePath: token.modulePath,
    label: "second",
    pin,
    jobs: [
      { job: "initialise", securityOfficerPin: pin },
      { job: "import", name: "www-ecdsa", key, decrypts: false },
    ],
  }, token.env);
}

interface Stage extends AsyncDisposable {
  readonly setup: KeyServerSetup;
  readonly shim: ShimModule;
}

/** The first token fails or hangs as the test says; `entries` tells how the configuration speaks of the key. */
async function start(entries: "copies" | "keys"): Promise<Stage> {
  let shim: ShimModule | undefined;
  const patch = async (installation: Installation) => {
    const { folder, token } = installation;
    await makeSecondToken(installation);
    shim = await ShimModule.build(folder, token);
    // A module of its own: what befalls the one does not befall the other.
    const other = join(folder, "other.so");
    await Deno.copyFile(token.modulePath, other);
    const common = { pin: `file:${token.pinFile}`, sessions: 4, hang_after_ms: 300 };
    const key = { name: "www-ecdsa", uri: uriIn(token.label), certificate: "www-ecdsa.pem" };
    return {
      token: [{ uri: shim.uri, ...common }, { uri: `pkcs11:token=second?module-path=${other}`, ...common }],
      key: entries === "copies"
        ? [{ ...key, copies: [uriIn("second")] }]
        : [key, { name: "www-ecdsa-second", uri: uriIn("second") }],
      limits: { probe_interval_ms: 500 },
    };
  };
  const setup = await KeyServerSetup.start({ keys, patch, env: () => shim!.env });
  return { setup, shim: shim!, [Symbol.asyncDispose]: () => setup[Symbol.asyncDispose]() };
}

async function signs(client: TestClient, setup: KeyServerSetup, deadline = 5000): Promise<boolean> {
  return (await client.ask(await setup.request("www-ecdsa", { deadline })))?.type === "signature";
}

for (const entries of ["copies", "keys"] as const) {
  Deno.test(`a token that fails loses no request of a key that another has too, configured as ${entries}`, async () => {
    await using stage = await start(entries);
    const { setup, shim } = stage;
    using client = await setup.dial();
    const loaded = setup.server.records.filter(({ event }) => event === "key-loaded");
    assert.deepEqual(new Set(loaded.map(({ token }) => token)), new Set(["holdfast", "second"]));
    await shim.fail("C_Sign");
    for (let i = 0; i < 100; i++) assert(await signs(client, setup), `request ${i}`);
    await poll(
      "the failure to be seen",
      () => setup.server.records.some(({ event }) => event === "key-failed"),
    );
    assert.equal((await setup.server.admin("/readyz")).status, 200, "the key answers");
    await shim.mend("C_Sign");
    await poll("both to sign", () => setup.server.records.some(({ event }) => event === "key-recovered"));
  });
}

Deno.test("a token that hangs keeps what it has, and every later request goes to the other", async () => {
  await using stage = await start("copies");
  const { setup, shim } = stage;
  using client = await setup.dial();
  await shim.hang("C_Sign");
  // Both are asked while both look well; those that the first one has wait for their deadline.
  const request = await setup.request("www-ecdsa", { deadline: 1000 });
  const early: (string | undefined)[] = [];
  const ids: number[] = [];
  for (let i = 0; i < 20; i++) ids.push(await client.send(request));
  for (const id of ids) early.push((await client.answer(id))?.type);
  assert(early.includes("signature"), "some went to the other");
  await poll(
    "the hang to be seen",
    async () => /does not answer/.test((await setup.server.admin("/readyz")).body),
  );
  for (let i = 0; i < 100; i++) assert(await signs(client, setup), `request ${i}`);
  assert.equal((await setup.server.admin("/readyz")).status, 200);
  await shim.goOn("C_Sign");
  await poll("its end", async () => !/does not answer/.test((await setup.server.admin("/readyz")).body));
});

Deno.test("a token that is away at the start keeps the other from nothing, and is used when it comes", async () => {
  await using stage = await start("copies");
  const { setup, shim } = stage;
  await shim.fail("C_OpenSession");
  await setup.server.restart();
  await setup.server.ready();
  using client = await setup.dial();
  assert(await signs(client, setup));
  assert.match((await setup.server.admin("/readyz")).body, /"tokens":\{"holdfast":"is away"\}/);
  await shim.mend("C_OpenSession");
  await poll("both loaded", () => {
    const loaded = setup.server.records.filter(({ event }) => event === "key-loaded");
    return loaded.some(({ token }) => token === "holdfast");
  });
  assert.doesNotMatch((await setup.server.admin("/readyz")).body, /is away/);
});
