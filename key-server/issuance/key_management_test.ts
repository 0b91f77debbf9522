import { runWithToken } from "../token/testing/token_process.ts";

const program = new URL("testing/key_management_scenarios.ts", import.meta.url);

Deno.test("a key is generated, retired when no name has it, then destroyed in its token", async () => {
  await runWithToken(program, "life");
});

Deno.test("a key that is in a token already is entered once, as it is", async () => {
  await runWithToken(program, "referenced");
});

Deno.test("a certificate is checked without a change, then installed, then followed by another for the same key", async () => {
  await runWithToken(program, "certificates");
});

Deno.test("an authority signs itself with a key that stays in the token", async () => {
  await runWithToken(program, "authorities");
});
