import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { type Vector, type VectorFile, type VectorGroup, wycheproofFiles } from "./wycheproof_format.ts";
import { blocksInUse, type Outcome, runners } from "./wycheproof_primitives.ts";

/**
 * Wycheproof's vectors through our primitives. The committed files are a selection; with HOLDFAST_WYCHEPROOF naming a
 * folder that has Wycheproof's own files (`testvectors_v1`), all of them run.
 */
const folder = Deno.env.get("HOLDFAST_WYCHEPROOF") ?? fileURLToPath(new URL("wycheproof", import.meta.url));

/** Stricter on purpose than what Wycheproof calls valid: our AEADs take nonces of 12 bytes only, the one size of TLS. */
function refusedOnPurpose(group: VectorGroup): boolean {
  return group.ivSize !== undefined && group.ivSize !== 96;
}

function judge(group: VectorGroup, vector: Vector, outcome: Outcome): string | undefined {
  const expected = refusedOnPurpose(group) ? "invalid" : vector.result;
  const right = expected === "valid"
    ? outcome === "accepted"
    : expected === "invalid"
    ? outcome === "rejected"
    : outcome !== "mismatch";
  return right
    ? undefined
    : `test ${vector.tcId} (${vector.flags}; ${vector.comment}): ${vector.result}, but ${outcome}`;
}

for (const file of wycheproofFiles) {
  Deno.test(`Wycheproof's ${file} vectors are accepted and rejected as they should be`, async () => {
    const { testGroups } = JSON.parse(await Deno.readTextFile(`${folder}/${file}_test.json`)) as VectorFile;
    const wrong: string[] = [];
    const seen = new Set<string>();
    for (const group of testGroups) {
      for (const vector of group.tests) {
        const outcome = await runners[file](group, vector);
        if (outcome === undefined) continue;
        seen.add(vector.result);
        const problem = judge(group, vector, outcome);
        if (problem !== undefined) wrong.push(problem);
      }
    }
    assert.deepEqual(wrong, []);
    assert.ok(seen.has("invalid") || seen.has("acceptable"), "some vectors must be rejected");
    assert.ok(seen.has("valid"), "some vectors must be accepted");
    assert.equal(blocksInUse(), 0);
  });
}
