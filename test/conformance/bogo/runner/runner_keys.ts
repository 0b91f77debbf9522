import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { KeyType } from "../../../harness/token/job.ts";
import type { KeySpec } from "../../../harness/token/softhsm_token.ts";
import type { Runner } from "./find_runner.ts";
import { execute } from "./run_tests.ts";

const collector = fileURLToPath(new URL("collect_keys.sh", import.meta.url));

/**
 * The private keys that the runner would give to shims for these tests, each once, to be imported into a token. They
 * are inside the runner, which writes them to files of its own while it runs: so it is run once with a shim that
 * copies them. Keys that a key server refuses for their size are left out.
 */
export async function collectRunnerKeys(
  runner: Runner,
  tests: readonly string[],
  folder: string,
): Promise<KeySpec[]> {
  const keys = join(folder, "runner-keys");
  await Deno.mkdir(keys, { mode: 0o700 });
  await execute({ runner, tests, folder, workers: 1, shim: collector, env: { HOLDFAST_KEYS: keys } });
  const specs = new Map<string, KeySpec>();
  for await (const { name } of Deno.readDir(keys)) {
    const privateKey = createPrivateKey(await Deno.readTextFile(join(keys, name)));
    const publicKeyInfo = new Uint8Array(createPublicKey(privateKey).export({ type: "spki", format: "der" }));
    const type = keyType(privateKey);
    if (type === undefined) continue;
    const given = { publicKeyInfo, privateKey: privateKey.export({ format: "jwk" }) as JsonWebKey };
    specs.set(publicKeyInfo.toHex(), { name: `runner-${specs.size}`, type, given });
  }
  await Deno.remove(keys, { recursive: true });
  return [...specs.values()];
}

/** Undefined for a key that a key server would not load. */
function keyType({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): KeyType | undefined {
  if (asymmetricKeyType === "rsa" && (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048) return "rsa-2048";
  if (asymmetricKeyType !== "ec") return undefined;
  const curves: Readonly<Record<string, KeyType>> = { "prime256v1": "ecdsa-p256", "secp384r1": "ecdsa-p384" };
  return curves[asymmetricKeyDetails?.namedCurve ?? ""];
}
