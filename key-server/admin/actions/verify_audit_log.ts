import { AuditDamageError } from "../../audit/errors.ts";
import { verifyLog, type VerifyOptions } from "../../audit/verify_log.ts";
import type { AuditVerification } from "../schemas/audit.ts";

const nothing = { files: 0, first: null, head: null, checkpoints: 0, signedUntil: null, publicKey: null };

/** What `verifyLog` finds, damage too, as it is answered. */
export async function verifyAuditLog(folder: string, options: VerifyOptions): Promise<AuditVerification> {
  try {
    const { files, first, head, checkpoints, signedUntil, publicKey } = await verifyLog(folder, options);
    return {
      whole: true,
      damage: null,
      files,
      first: first ?? null,
      head: head.n === 0 ? null : { n: head.n, hash: head.hash.toHex() },
      checkpoints,
      signedUntil: signedUntil ?? null,
      publicKey: publicKey ?? null,
    };
  } catch (error) {
    if (!(error instanceof AuditDamageError)) throw error;
    return { whole: false, damage: { ...error.place, reason: error.reason }, ...nothing };
  }
}
