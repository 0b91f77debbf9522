import { assertRefusesUnlockedMemory } from "../../test/harness/processes/unlocked_memory.ts";
import { EdgeStage } from "../supervisor/testing/edge_stage.ts";

Deno.test("L24: an edge that may not lock its memory refuses to start, and says which limit to raise", async () => {
  await using stage = await EdgeStage.start();
  await stage.edge.stop();
  await assertRefusesUnlockedMemory("edge", stage.configFile);
});
