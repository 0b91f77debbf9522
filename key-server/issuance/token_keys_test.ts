import { runWithToken } from "../token/testing/token_process.ts";

const program = new URL("testing/token_scenarios.ts", import.meta.url);

Deno.test("requests of every kind of key verify with openssl, for the names and with the key of the token", async () => {
  await runWithToken(program, "requests");
});

Deno.test("an authority in the token certifies what openssl verifies strictly", async () => {
  await runWithToken(program, "authority");
});

Deno.test("a key is made once for its label, whatever a crash left behind", async () => {
  await runWithToken(program, "once");
});

Deno.test("destruction takes both halves, never another key, and may be said twice", async () => {
  await runWithToken(program, "destruction");
});

Deno.test("a generated key has the attributes of its purposes; an extractable one is destroyed; a full token says so", async () => {
  await runWithToken(program, "attributes");
});

Deno.test("signatures go on while a key is generated, and a token is not opened anew under it", async () => {
  await runWithToken(program, "beside");
});
