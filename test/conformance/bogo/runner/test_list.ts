import { matchesGlob } from "node:path";

const listFile = new URL("../server_tests.txt", import.meta.url);
export const configFile = new URL("../config.json", import.meta.url);

/** The names of the tests that count, in order. */
export async function listedTests(): Promise<string[]> {
  return (await Deno.readTextFile(listFile)).split("\n").filter((line) =>
    line !== "" && !line.startsWith("#")
  );
}

/** Those that match one of the globs; all without any. */
export function selectTests(names: readonly string[], globs: readonly string[]): string[] {
  return names.filter((name) => globs.length === 0 || globs.some((glob) => matchesGlob(name, glob)));
}

/** The disabled ones among `names`, each with its reason; throws for an entry of the configuration without a use. */
export async function disabledTests(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const config: { DisabledTests: Record<string, string> } = JSON.parse(await Deno.readTextFile(configFile));
  const entries = Object.entries(config.DisabledTests);
  const all = await listedTests();
  for (const [glob] of entries) {
    if (!all.some((name) => matchesGlob(name, glob))) throw new Error(`Cannot disable ${glob}: no such test`);
  }
  return new Map(names.flatMap((name) => {
    const entry = entries.find(([glob]) => matchesGlob(name, glob));
    return entry === undefined ? [] : [[name, entry[1]] as const];
  }));
}
