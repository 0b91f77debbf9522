/** What a token, or its module, may do to a key server: hang, fail, refuse the PIN. */
import assert from "node:assert/strict";
import pkcs11js from "pkcs11js";
import type { KeylessAnswer } from "../shared/keyless_protocol/answers.ts";
import { writeSecret } from "../certs/write.ts";
import { runCommand } from "../test/harness/command.ts";
import type { Installation } from "../test/harness/installation.ts";
import { poll } from "../test/harness/poll.ts";
import { type HangingCall, ShimModule } from "../test/harness/token/shim/shim_module.ts";
import type { TestClient } from "./test_client.ts";
import { KeyServerSetup } from "./test_setup.ts";

const oneKey = [{ name: "www-ecdsa", type: "ecdsa-p256" }] as const;
const hangAfter = 300;

interface Stage extends AsyncDisposable {
  readonly setup: KeyServerSetup;
  readonly shim: ShimModule;
}

/** A key server whose token's module does what the test says. */
async function start(
  keys: KeyServerSetup["installation"]["token"]["keys"] | typeof oneKey = oneKey,
): Promise<Stage> {
  let shim: ShimModule | undefined;
  const patch = async ({ folder, token }: Installation) => {
    shim = await ShimModule.build(folder, token);
    const pin = `file:${token.pinFile}`;
    return {
      token: [{ uri: shim.uri, pin, sessions: 4, hang_after_ms: hangAfter }],
      limits: { probe_interval_ms: 500 },
    };
  };
  const setup = await KeyServerSetup.start({ keys, patch, env: () => shim!.env });
  return { setup, shim: shim!, [Symbol.asyncDispose]: () => setup[Symbol.asyncDispose]() };
}

function resultOf(answer: KeylessAnswer | undefined): string {
  return answer?.type === "error" ? answer.code : answer?.type ?? "closed";
}

async function asks(client: TestClient, setup: KeyServerSetup, deadline = 5000): Promise<string> {
  return resultOf(await client.ask(await setup.request("www-ecdsa", { deadline })));
}

async function readiness({ server }: KeyServerSetup): Promise<{ status: number; body: string }> {
  return await server.admin("/readyz");
}

for (const call of ["C_Sign", "C_SignInit"] as const) {
  Deno.test(`while a module hangs in ${call} requests are refused at once, all else goes on, and it recovers`, async () => {
    await using stage = await start();
    const { setup, shim } = stage;
    using client = await setup.dial();
    assert.equal(await asks(client, setup), "signature");
    await shim.hang(call);
    assert.equal(await asks(client, setup, 400), "deadline-passed");
    // The request above is in the module for longer than it may be, and each further one is refused without waiting for it.
    await poll("a refusal", async () => await asks(client, setup, 60_000) === "token-failure");
    for (let i = 0; i < 20; i++) assert.equal(await asks(client, setup, 60_000), "token-failure");
    assert.equal(resultOf(await client.ask({ operation: "ping" })), "pong");
    const { status, body } = await readiness(setup);
    assert.equal(status, 503);
    assert.match(body, /does not answer/);
    assert.equal((await setup.server.admin("/healthz")).status, 200);
    await shim.goOn(call);
    await poll("a signature", async () => await asks(client, setup) === "signature");
    await setup.server.ready();
  });
}

const onTheWayBack = [
  "C_GetSlotList",
  "C_GetTokenInfo",
  "C_OpenSession",
  "C_CloseSession",
  "C_Login",
  "C_FindObjectsInit",
  "C_FindObjects",
  "C_GetAttributeValue",
] as const satisfies readonly HangingCall[];

Deno.test("a module that hangs in any call by which a token is opened anew stops no event loop, and recovers", async () => {
  await using stage = await start();
  const { setup, shim } = stage;
  using client = await setup.dial();
  for (const call of onTheWayBack) {
    await shim.hang(call);
    await shim.fail("C_Sign");
    const before = await shim.count(`hanging ${call}`);
    assert.equal(await asks(client, setup), "token-failure", call);
    await poll(`${call} to hang`, async () => await shim.count(`hanging ${call}`) > before);
    for (let i = 0; i < 5; i++) assert.equal(resultOf(await client.ask({ operation: "ping" })), "pong", call);
    await poll(`unreadiness by ${call}`, async () => (await readiness(setup)).status === 503);
    await shim.mend("C_Sign");
    await shim.goOn(call);
    await poll(`a signature after ${call}`, async () => await asks(client, setup) === "signature");
  }
});

Deno.test("a PIN that was refused is never tried again, and another one is", async () => {
  await using stage = await start();
  const { setup, shim } = stage;
  const { pinFile } = setup.installation.token;
  using client = await setup.dial();
  const pin = await Deno.readTextFile(pinFile);
  assert.equal(await shim.count("C_Login"), 1);
  await writeSecret(pinFile, "not the PIN\n");
  await shim.fail("C_Sign");
  assert.equal(await asks(client, setup), "token-failure");
  const refusals = () => setup.server.records.filter(({ event }) => event === "token-away");
  await poll("the first refusal", () => refusals().length > 0);
  await shim.mend("C_Sign");
  await poll("several rounds", () => refusals().length >= 4);
  assert.match(String(refusals()[0]?.reason), /Cannot log in to the token: CKR_PIN_INCORRECT/);
  assert.match(String(refusals().at(-1)?.reason), /another try might lock it/);
  assert.equal(await shim.count("C_Login"), 2);
  assert.equal(await asks(client, setup), "token-failure");
  await writeSecret(pinFile, pin);
  await poll("a signature", async () => await asks(client, setup) === "signature");
  assert.equal(await shim.count("C_Login"), 3);
});

Deno.test("the last try of a PIN is not used up: the key server refuses to start without a login", async () => {
  await using stage = await start();
  const { setup, shim } = stage;
  await setup.server.stop();
  const before = await shim.count("C_Login");
  for (
    const [flag, words] of [[pkcs11js.CKF_USER_PIN_FINAL_TRY, /one more wrong PIN would lock it/], [
      pkcs11js.CKF_USER_PIN_LOCKED,
      /its PIN is locked/,
    ]] as const
  ) {
    await shim.addFlags(flag);
    const config = setup.installation.file("key-server-0.toml");
    const { code, stderr } = await runCommand("./holdfast", ["key-server", "--config", config], {
      env: shim.env,
    });
    assert.equal(code, 1, stderr);
    assert.match(stderr, words);
  }
  assert.equal(await shim.count("C_Login"), before);
});
