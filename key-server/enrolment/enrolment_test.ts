import { runWithToken } from "../token/testing/token_process.ts";

const program = new URL("testing/enrolment_scenarios.ts", import.meta.url);

for (
  const [claim, scenario] of [
    [
      "a token gets an edge one certificate, with its URI and nothing that it asked for; openssl takes it",
      "enrols",
    ],
    ["a wrong, unknown or expired token and a bad request get nothing, and each refusal is told", "refusals"],
    ["of eight that come at once with one token, one is enrolled", "spentOnce"],
    ["a revoked edge is neither enrolled nor renewed", "revoked"],
  ] as const
) {
  Deno.test(claim, () => runWithToken(program, scenario));
}
