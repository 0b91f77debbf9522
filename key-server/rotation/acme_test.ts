import { runWithToken } from "../token/testing/token_process.ts";

const program = new URL("testing/acme_scenarios.ts", import.meta.url);

Deno.test("a certificate comes from an ACME CA by tls-alpn-01, with the account's key in the token, over a restart", async () => {
  await runWithToken(program, "issues");
});

Deno.test("an account is bound to the one that the CA has given out; without it the CA's refusal is shown", async () => {
  await runWithToken(program, "binds");
});

Deno.test("a CA that refuses, or is away, is shown and asked again; one that has forgotten everything gets a new order", async () => {
  await runWithToken(program, "recovers", 120_000);
});

Deno.test("a CA with renewal information is told what an order replaces; one that will not hear of it gets the order alone", async () => {
  await runWithToken(program, "replaces");
});
