import { runWithToken } from "../token/testing/token_process.ts";

const program = new URL("testing/rotation_scenarios.ts", import.meta.url);

Deno.test("a name goes from P-256 to RSA-2048 and back, each step a transaction, the old keys gone from the token", async () => {
  await runWithToken(program, "whole");
});

Deno.test("nothing is switched before every live edge has it, nothing retired before all have switched and nobody uses it", async () => {
  await runWithToken(program, "waits");
});

Deno.test("killed before any of its transactions, a rotation comes to the same end, with one new key", async () => {
  await runWithToken(program, "killed");
});

Deno.test("aborted before the switch, a rotation takes its key away again", async () => {
  await runWithToken(program, "aborted");
});

Deno.test("rolled back after the switch, also when the old key was retired, the old certificate is served again", async () => {
  await runWithToken(program, "rolled-back");
});

Deno.test("an external CA gets a request, and what it answers is checked before it is staged", async () => {
  await runWithToken(program, "external");
});

Deno.test("a full token is shown, tried again later and later, and forgotten when it has room", async () => {
  await runWithToken(program, "problems");
});

Deno.test("what cannot be rotated is refused with its reason; keys that are not to be destroyed stay in the token", async () => {
  await runWithToken(program, "refusals");
});
