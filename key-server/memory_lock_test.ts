import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { poll } from "../test/harness/poll.ts";
import { ChildProcess } from "../test/harness/processes/child_process.ts";
import { KeyServerSetup } from "./test_setup.ts";

const frontDoor = fileURLToPath(new URL("../holdfast", import.meta.url));

Deno.test("L24: a key server that may not lock its memory refuses to start, and says which limit to raise", async () => {
  await using setup = await KeyServerSetup.start({ keys: [{ name: "www-ecdsa", type: "ecdsa-p256" }] });
  await setup.server.stop();
  // Root is exempt from the limit by one capability: without it, root is like anybody.
  await using server = new ChildProcess({
    name: "key-server",
    command: "prlimit",
    args: [
      "--memlock=65536:65536",
      ...Deno.uid() === 0 ? ["setpriv", "--bounding-set=-ipc_lock", "--inh-caps=-ipc_lock"] : [],
      ...[frontDoor, "key-server", "--config", setup.installation.file("key-server-0.toml")],
    ],
    env: setup.installation.token.env,
  });
  assert.equal((await server.ended).code, 1);
  await poll(
    "the reason",
    () => server.lines.some((line) => /RLIMIT_MEMLOCK is 65536 bytes.*LimitMEMLOCK=/.test(line)),
  );
});
