import type { AuditEvent } from "./audit_log.ts";
import type { RecordContents } from "./log_writer.ts";

/** Characters of JSON that a record may have; what an administrator sends may be longer. */
const longestRecord = 256 << 10;

/** An event in full. */
export function asRecord(event: AuditEvent): RecordContents {
  const record: RecordContents = { ...event };
  const { length } = JSON.stringify(record);
  if (length <= longestRecord) return record;
  if (event.kind === "admin-call") return { ...event, request: `[${length} characters]` };
  if (event.kind === "registry-commit") {
    // The registry's own history has them in full.
    return { ...event, changes: `[${event.changes.length} changes]` };
  }
  return { kind: event.kind, note: `[${length} characters]` };
}

/**
 * What is counted of an event that may happen any number of times; undefined for one that is always told in full. What
 * strangers may choose is not in it: it would make as many different records.
 */
export function asTally(event: AuditEvent): RecordContents | undefined {
  if (event.kind === "key-operation") {
    const { kind, edge, key, operation, result } = event;
    return { kind, edge, key, operation, result };
  }
  if (event.kind === "connection-refused") return { kind: event.kind, why: event.why };
  return undefined;
}
