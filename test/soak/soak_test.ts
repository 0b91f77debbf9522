import assert from "node:assert/strict";
import { everyEnding } from "./endings.ts";
import { Soak } from "./soak.ts";

/** More than one round of every kind and ending; `deno task soak` runs 100,000 and watches the process's memory. */
const handshakes = 2_000;

Deno.test("after handshakes of every outcome in every state, the pools hold what they held before", async () => {
  using soak = await Soak.create();
  soak.run(handshakes);
  const settled = soak.blocksInUse;
  soak.run(handshakes);
  assert.equal(soak.blocksInUse, settled);
  for (const outcome of ["good", ...everyEnding]) {
    assert([...soak.counts.keys()].some((key) => key.startsWith(outcome)), outcome);
  }
  const states = new Set(
    [...soak.counts.keys()].filter((key) => key.startsWith("aborted")).map((key) => key.split(": ")[1]),
  );
  assert.equal([...soak.counts.values()].reduce((sum, count) => sum + count), 2 * handshakes);
  assert.deepEqual([...states].toSorted(), [
    "awaiting-certificate-verify",
    "awaiting-change-cipher-spec",
    "awaiting-client-certificate",
    "awaiting-client-hello",
    "awaiting-client-key-exchange",
    "awaiting-encapsulation",
    "awaiting-encrypted-premaster",
    "awaiting-finished",
    "awaiting-key-exchange-signature",
    "awaiting-peer-verification",
    "awaiting-rsa-decryption",
    "awaiting-second-client-hello",
    "awaiting-signature",
    "awaiting-site",
    "awaiting-tls12-certificate-verify",
    "awaiting-tls12-client-certificate",
    "awaiting-tls12-finished",
    "connected",
  ]);
});
