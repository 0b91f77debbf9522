import { editAuditLog } from "./audit_edits.ts";
import type { Claim, Say } from "./claims.ts";
import { revokeUnderLoad } from "./revocation.ts";
import { type Effort, rotateUnderLoad } from "./rotations.ts";
import { AcceptanceStage, type StageOptions } from "./stage.ts";
import { auditedStrangers, refuseStrangers } from "./strangers.ts";

export interface AcceptanceOptions extends Effort, Omit<StageOptions, "keyServers"> {
  /** Edits of the audit log that have to be found. */
  readonly edits: number;
  readonly say: Say;
}

/** Everything with one key server, on one installation and in one audit log. */
export async function acceptOneKeyServer({ edits, say, ...effort }: AcceptanceOptions): Promise<Claim[]> {
  await using stage = await AcceptanceStage.start({ ...effort, keyServers: 1 });
  return await told(stage, async () => {
    const claims: Claim[] = [];
    say("rotations under load");
    claims.push(...await rotateUnderLoad(stage, effort, false, say));
    say("rotations under load, the key server killed in the middle of each");
    claims.push(...await rotateUnderLoad(stage, effort, true, say));
    say("revocation under load");
    claims.push(...await revokeUnderLoad(stage, { ...effort, seconds: Math.min(effort.seconds, 10) }, say));
    say("strangers");
    claims.push(...await refuseStrangers(stage));
    await stage.keyServer.stop();
    const folder = stage.installation.file("audit-0");
    claims.push(...await auditedStrangers(folder));
    say("the audit log");
    claims.push(...await editAuditLog(folder, edits, say));
    return claims;
  });
}

/** The rotations with two key servers, the first of which is killed in the middle of each. */
export async function acceptTwoKeyServers({ say, ...effort }: AcceptanceOptions): Promise<Claim[]> {
  await using stage = await AcceptanceStage.start({ ...effort, keyServers: 2 });
  return await told(stage, async () => {
    say("rotations under load, one of two key servers killed in the middle of each");
    return await rotateUnderLoad(stage, effort, true, say);
  });
}

/** Adds the processes' logs to an error. */
async function told(stage: AcceptanceStage, run: () => Promise<Claim[]>): Promise<Claim[]> {
  try {
    return await run();
  } catch (error) {
    const logs = [...stage.keyServers, ...stage.edges].map(({ name, lines }) =>
      [`--- ${name}`, ...lines.slice(-200)].join("\n")
    );
    if (error instanceof Error) error.message += `\n${logs.join("\n")}`;
    throw error;
  }
}
