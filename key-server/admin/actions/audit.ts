import type { AuditRecord } from "../../audit/chained_line.ts";
import { readLog, type RecordFilter, tailLog } from "../../audit/read_log.ts";
import { AdminError } from "../errors.ts";
import type { AuditFilter, AuditVerification } from "../schemas/audit.ts";
import type { AdminServices, AuditTrail } from "../services.ts";
import { verifyAuditLog } from "./verify_audit_log.ts";

/** The newest records that are wanted, oldest first. */
export async function tailAudit(
  services: AdminServices,
  limit: number,
  filter: AuditFilter,
): Promise<AuditRecord[]> {
  return await tailLog(trailOf(services).folder, limit, filterOf(filter));
}

/** All records that are wanted, a line of JSON for each. */
export function exportAudit(services: AdminServices, filter: AuditFilter): ReadableStream<Uint8Array> {
  const records = readLog(trailOf(services).folder, filterOf(filter));
  const encoder = new TextEncoder();
  return ReadableStream.from(async function* () {
    for await (const record of records) yield encoder.encode(`${JSON.stringify(record)}\n`);
  }());
}

/** The whole log, as far as the key server itself remembers that it reaches. */
export async function verifyAudit(services: AdminServices): Promise<AuditVerification> {
  const { folder, head } = trailOf(services);
  services.audit.flush();
  return await verifyAuditLog(folder, { head: head() });
}

function trailOf({ auditTrail }: AdminServices): AuditTrail {
  if (auditTrail !== undefined) return auditTrail;
  throw new AdminError(
    "not-available",
    "Cannot read the audit log: this key server keeps none of its own (section [audit])",
  );
}

function filterOf({ since, until, ...filter }: AuditFilter): RecordFilter {
  const given = Object.entries(filter).filter(([, value]) => value !== undefined);
  return {
    ...Object.fromEntries(given),
    ...(since !== undefined && { since: new Date(since) }),
    ...(until !== undefined && { until: new Date(until) }),
  };
}
