import assert from "node:assert/strict";
import { parseSandboxArguments, type Sandbox, sandboxArguments } from "./sandbox.ts";

Deno.test("a sandbox comes through a command line as it was, with whatever its paths hold, and the command behind it", () => {
  const cases: Sandbox[] = [
    {
      read: ["/a=b", "/with a blank", "/--", "/ü\n'\""],
      execute: ["/x"],
      readWrite: ["/w"],
      connect: [443, 80],
      bind: [],
      isolated: true,
    },
    { read: [], execute: [], readWrite: [], connect: undefined, bind: [1], isolated: false },
    { read: [], execute: [], readWrite: [], connect: [], bind: undefined, isolated: false },
  ];
  for (const sandbox of cases) {
    const rest = ["/command", "read=/no", "--", "isolated=false"];
    assert.deepEqual(parseSandboxArguments([...sandboxArguments(sandbox), ...rest]), { sandbox, rest });
  }
});

Deno.test("what is not said is not allowed", () => {
  const nothing = { read: [], execute: [], readWrite: [], connect: [], bind: [], isolated: false };
  assert.deepEqual(parseSandboxArguments(["--", "/command"]), { sandbox: nothing, rest: ["/command"] });
});
