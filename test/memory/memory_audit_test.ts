import assert from "node:assert/strict";
import { canLookInside } from "../harness/proc/inspect.ts";
import { audit } from "./audit/audit.ts";

// `deno task audit:memory` does the same with every version, suite and group, on both backings, and with cores.
Deno.test({
  name:
    "L3, L17, L18, L19, L27: open sessions' secrets stand in the locked pool and nowhere else, and after them nowhere",
  ignore: !canLookInside,
  fn: async () => {
    const said: string[] = [];
    const found = await audit({ backing: "mlock", extent: "each version", say: (line) => said.push(line) });
    assert.deepEqual(found, [], said.join("\n"));
    assert(said.some((line) => /^ok {3}edge, an ephemeral secp256r1 scalar/.test(line)));
    assert(said.some((line) => /^ok {3}control .*: 34 forms planted, 34 found/.test(line)));
  },
});
