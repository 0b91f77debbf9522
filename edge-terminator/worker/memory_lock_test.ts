import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { ChildProcess } from "../../test/harness/processes/child_process.ts";
import { poll } from "../../test/harness/poll.ts";
import { EdgeStage } from "../supervisor/testing/edge_stage.ts";

const frontDoor = fileURLToPath(new URL("../../holdfast", import.meta.url));

Deno.test("L24: an edge that may not lock its memory refuses to start, and says which limit to raise", async () => {
  await using stage = await EdgeStage.start();
  await stage.edge.stop();
  // Root is exempt from the limit by one capability: without it, root is like anybody.
  await using edge = new ChildProcess({
    name: "edge",
    command: "prlimit",
    args: [
      "--memlock=65536:65536",
      ...Deno.uid() === 0 ? ["setpriv", "--bounding-set=-ipc_lock", "--inh-caps=-ipc_lock"] : [],
      ...[frontDoor, "edge", "--config", stage.configFile],
    ],
  });
  assert.equal((await edge.ended).code, 1);
  await poll(
    "the reason",
    () => edge.lines.some((line) => /RLIMIT_MEMLOCK is 65536 bytes.*LimitMEMLOCK=/.test(line)),
  );
});
