import assert from "node:assert/strict";
import { canLookInside } from "../harness/proc/inspect.ts";
import { audit } from "./audit/audit.ts";

// `deno task audit:memory` does the same with every version, suite and group, on both backings, and with cores.
Deno.test({
  name:
    "L3, L17, L18, L19, L27: an open session's secrets stand in the locked pool and nowhere else, and after it nowhere",
  ignore: !canLookInside,
  fn: async () => {
    const said: string[] = [];
    const found = await audit({ backing: "mlock", extent: "one session", say: (line) => said.push(line) });
    assert.deepEqual(found, [], said.join("\n"));
    assert(said.some((line) => /^ok {3}control .*: 34 forms planted, 34 found/.test(line)));
  },
});
