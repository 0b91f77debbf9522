import assert from "node:assert/strict";
import { acceptOneKeyServer } from "./acceptance.ts";

Deno.test("a slice of the acceptance run keeps every claim that does not hang on the machine's speed", async () => {
  const said: string[] = [];
  const say = (line: string) => void said.push(line);
  const claims = await acceptOneKeyServer({
    seconds: 2,
    rate: 15,
    keyOperationDeadline: 20_000,
    drainTime: 300,
    edits: 40,
    say,
  });
  const missed = claims.filter(({ kept, claim }) => !kept && !/a second$|within 1 s/.test(claim));
  assert.deepEqual(missed, [], said.join("\n"));
  assert(claims.length > 20);
});
