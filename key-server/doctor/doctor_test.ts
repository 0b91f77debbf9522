import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { Check } from "../../shared/doctor/report.ts";
import { type CommandResult, runCommand } from "../../test/harness/command.ts";
import { TemporaryFolder } from "../../test/harness/temporary_folder.ts";
import { SoftHsmToken } from "../../test/harness/token/softhsm_token.ts";
import { TpmToken } from "../../test/harness/token/tpm_token.ts";
import type { TokenReport } from "./token_report.ts";

const frontDoor = fileURLToPath(new URL("../../holdfast", import.meta.url));

type Environment = Readonly<Record<string, string>>;

async function doctor(env: Environment, ...args: string[]): Promise<CommandResult> {
  return await runCommand(frontDoor, ["doctor", ...args], { env, deadline: 60_000 });
}

async function examined(env: Environment, ...args: string[]): Promise<TokenReport> {
  const { stdout, stderr, code } = await doctor(env, "--json", ...args);
  assert(code < 2 && stdout !== "", stderr);
  const { checks, tokens } = JSON.parse(stdout) as { checks: Check[]; tokens: TokenReport[] };
  assert(checks.length >= 9, "the host's checks come first");
  const all = [...checks, ...tokens.flatMap(({ checks }) => checks)];
  assert.equal(code, all.some(({ state }) => state === "off") ? 1 : 0);
  return tokens[0]!;
}

function stateOf({ checks }: TokenReport, name: string): string | undefined {
  return checks.find((check) => check.name === name)?.state;
}

Deno.test("doctor tells of a SoftHSM token what it is, and of its keys what they sign, are, and are not for", async () => {
  await using folder = await TemporaryFolder.create();
  const { uri, env, pinFile, label } = await SoftHsmToken.create(folder.path, [
    { name: "web", type: "ecdsa-p256" },
    { name: "old", type: "rsa-2048" },
  ]);
  const config = folder.file("key-server.toml");
  await Deno.writeTextFile(
    config,
    `[unix]
path = "keys.sock"
peers = [{ uid = 0, identity = "spiffe://holdfast.test/edge/1" }]
[[token]]
uri = "${uri}"
pin = "file:${pinFile}"
[[key]]
name = "www"
uri = "pkcs11:token=${label};object=web"
[[key]]
name = "gone"
uri = "pkcs11:token=${label};object=absent"
[[key]]
name = "exchange"
uri = "pkcs11:token=${label};object=old"
purposes = ["rsa-key-exchange"]
`,
  );
  const report = await examined(env, "--config", config);
  assert.equal(report.facts?.label, label);
  assert.equal(report.facts?.pin, "good");
  assert.equal(report.mechanisms.find(({ name }) => name === "CKM_ECDSA")?.listed, true);
  const kinds = report.keys.map(({ label, kind, works }) => [label, kind, works?.length]);
  assert.deepEqual(kinds.toSorted(), [["old", "rsa", 6], ["web", "ecdsa-p256", 2]]);
  for (const { attributes, ski } of report.keys) {
    assert.match(ski ?? "", /^[0-9a-f]{40}$/);
    assert.deepEqual(attributes, {
      sign: true,
      decrypt: false,
      extractable: false,
      sensitive: true,
      local: true,
    });
  }
  assert.equal(stateOf(report, "[[key]] www"), "on");
  assert.equal(stateOf(report, "[[key]] gone"), "off");
  assert.equal(stateOf(report, "[[key]] exchange"), "off", "the key may not decrypt");
});

Deno.test("doctor asks for a PIN's source, gives a wrong PIN once, and says what the token thinks of it afterwards", async () => {
  await using folder = await TemporaryFolder.create();
  const { uri, env, pinFile } = await SoftHsmToken.create(folder.path, [{ name: "web", type: "ecdsa-p256" }]);
  assert.equal(stateOf(await examined(env, "--token", uri), "login"), "off");
  await Deno.writeTextFile(folder.file("wrong"), "0000", { mode: 0o600 });
  const wrong = await examined(env, "--token", uri, "--pin-source", `file:${folder.file("wrong")}`);
  const login = wrong.checks.find(({ name }) => name === "login");
  assert.equal(login?.state, "off");
  assert.match(login.detail, /CKR_PIN_INCORRECT/);
  assert.deepEqual(wrong.keys, []);
  const { code, stdout } = await doctor(env, "--token", uri, "--pin-source", `file:${pinFile}`);
  assert(code < 2);
  assert.match(stdout, /^on +login +the token takes the PIN$/m);
  assert.match(stdout, /^on +key web +ecdsa_secp256r1_sha256 by CKM_ECDSA$/m);
  const absent = await examined(env, "--token", uri.replace("token=", "token=no-"));
  assert.match(absent.checks[0]?.detail ?? "", /Cannot find the token/);
  const module = await examined(env, "--token", "pkcs11:token=x?module-path=/nowhere.so");
  assert.equal(stateOf(module, "module"), "off");
});

Deno.test("doctor takes no PIN from a command line, nor a URI without a module", async () => {
  for (
    const [args, words] of [
      [["--token", "pkcs11:token=x", "--pin=1234"], /Cannot accept --pin:/],
      [["--token", "pkcs11:token=x?pin-value=1234"], /pin-value/],
      [["--token", "pkcs11:token=x"], /module-path/],
      [["--pin-source", "file:x"], /Usage/],
      [["--config"], /Usage/],
    ] as const
  ) {
    const { code, stdout, stderr } = await doctor({}, ...args);
    assert.equal(code, 2, stderr);
    assert.match(stderr, words);
    assert(!`${stdout}${stderr}`.includes("1234"));
  }
  const { code, stderr } = await doctor({}, "--config", "/nowhere.toml");
  assert.equal(code, 1);
  assert.match(stderr, /^Cannot load /);
});

Deno.test("doctor finds that a TPM pads RSA-PSS in software only, and what it said to the rest", async () => {
  await using folder = await TemporaryFolder.create();
  await using tpm = await TpmToken.create(folder.path, [{ name: "rsa", type: "rsa-2048", decrypts: true }]);
  const report = await examined(tpm.env, "--token", tpm.uri, "--pin-source", `file:${tpm.pinFile}`);
  const [key] = report.keys;
  assert.equal(key?.label, "rsa", JSON.stringify(report.checks));
  const pss = key.works?.find(({ scheme }) => scheme === "rsa_pss_rsae_sha256");
  assert.equal(pss?.method, "CKM_RSA_X_509 with software PSS");
  assert(key.refused?.some(({ method, reason }) => method === "CKM_RSA_PKCS_PSS" && reason !== ""));
});
