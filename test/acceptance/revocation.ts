import { pathOf } from "../../key-server/admin/client/api_client.ts";
import { edgeIdentity } from "../harness/identities.ts";
import { type Claim, claim, type Say } from "./claims.ts";
import type { Effort } from "./rotations.ts";
import type { AcceptanceStage } from "./stage.ts";

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Revokes pop2 in the middle of the load on both edges. */
export async function revokeUnderLoad(
  stage: AcceptanceStage,
  { rate, seconds }: Effort,
  say: Say,
): Promise<Claim[]> {
  await using stays = await stage.loadOn(0, rate);
  await using leaves = await stage.loadOn(1, rate);
  await sleep(seconds * 500);
  const asked = Date.now();
  await stage.api.post(pathOf`/v1/edges/${edgeIdentity("pop2")}/revoke`, { reason: "acceptance" });
  const answered = Date.now();
  await sleep(Math.max(seconds * 500, 3000));
  await Promise.all([stays.stop(), leaves.stop()]);

  const kept = stays.handshakes.filter(({ failure }) => failure !== undefined);
  const good = leaves.handshakes.filter(({ failure }) => failure === undefined);
  const before = leaves.handshakes.filter(({ ended, failure }) => ended < asked && failure !== undefined);
  const last = Math.max(...good.map(({ ended }) => ended));
  say(
    `  the call took ${answered - asked} ms; pop2's last handshake ended ${
      Math.round(last - asked)
    } ms after it began`,
  );
  const refused = leaves.handshakes.filter(({ begun }) => begun > answered).map(({ failure }) =>
    failure ?? "ok"
  );
  say(`  what pop2's clients see afterwards: ${[...new Set(refused)].join("; ")}`);
  const words = "this edge is revoked: acceptance [signer-closed]";
  const told = stage.edges[1]!.records.filter(({ reason }) => String(reason).includes(words)).length;
  return [
    claim(
      "pop2's signatures stop within 1 s of the call",
      last - asked <= 1000,
      `${Math.round(last - asked)} ms`,
    ),
    claim(
      "pop2 lost none before",
      before.length === 0 && good.length > 0,
      `${before.length} of ${good.length}`,
    ),
    claim("pop2's log says of refused handshakes why", told > 0, `${told} of ${refused.length}`),
    claim("pop1 loses none", kept.length === 0, `${kept.length} of ${stays.handshakes.length} failed`),
  ];
}
