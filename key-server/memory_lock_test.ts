import { assertRefusesUnlockedMemory } from "../test/harness/processes/unlocked_memory.ts";
import { KeyServerSetup } from "./test_setup.ts";

Deno.test("L24: a key server that may not lock its memory refuses to start, and says which limit to raise", async () => {
  await using setup = await KeyServerSetup.start({ keys: [{ name: "www-ecdsa", type: "ecdsa-p256" }] });
  await setup.server.stop();
  const { installation } = setup;
  await assertRefusesUnlockedMemory(
    "key-server",
    installation.file("key-server-0.toml"),
    installation.token.env,
  );
});
