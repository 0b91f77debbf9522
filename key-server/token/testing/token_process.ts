/**
 * Tests that need a token in their own process: a PKCS#11 module reads SOFTHSM2_CONF once and is one for the whole process,
 * so each runs as a program of scenarios, in a process and with a token of its own.
 */
import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { runCommand } from "../../../test/harness/command.ts";
import { TemporaryFolder } from "../../../test/harness/temporary_folder.ts";
import { SoftHsmToken } from "../../../test/harness/token/softhsm_token.ts";
import { Pkcs11Module } from "../module.ts";
import { Token } from "../token.ts";
import { parsePkcs11Uri } from "../uri.ts";

interface Place {
  readonly uri: string;
  readonly pinFile: string;
  readonly folder: string;
}

/** What a scenario works with. */
export interface ScenarioContext {
  readonly token: Token;
  /** Of the token, with its module-path; and where its PIN is. */
  readonly tokenUri: string;
  readonly pinFile: string;
  /** Of the test; writable. */
  readonly folder: string;
}

/** By name; one throws to fail. */
export type Scenarios = Readonly<Record<string, (context: ScenarioContext) => Promise<void>>>;

/** Runs a scenario of a program beside the test with a fresh SoftHSM token; fails with what the scenario threw. */
export async function runWithToken(program: URL, scenario: string, deadline = 60_000): Promise<void> {
  await using folder = await TemporaryFolder.create();
  const { uri, pinFile, env } = await SoftHsmToken.create(folder.path, []);
  const place: Place = { uri, pinFile, folder: folder.path };
  const args = ["run", "--quiet", "--cached-only", "-A", fileURLToPath(program), scenario];
  const result = await runCommand(Deno.execPath(), args, { input: JSON.stringify(place), env, deadline });
  assert.equal(result.code, 0, `${result.stderr}\n${result.stdout}`);
}

/** What such a program does: reads its token's place from stdin and runs the scenario that was named. */
export async function runScenario(scenarios: Scenarios): Promise<void> {
  const { uri, pinFile, folder } = await new Response(Deno.stdin.readable).json() as Place;
  const tokenUri = parsePkcs11Uri(uri);
  const readPin = async () => new TextEncoder().encode((await Deno.readTextFile(pinFile)).trim());
  await using module = await Pkcs11Module.load(tokenUri.modulePath!);
  const token = await Token.open(module, { uri: tokenUri, sessions: 2, readPin });
  try {
    const scenario = scenarios[Deno.args[0]!];
    assert(scenario !== undefined, `no scenario ${Deno.args[0]}`);
    await scenario({ token, tokenUri: uri, pinFile, folder });
  } finally {
    await token.close();
  }
}
