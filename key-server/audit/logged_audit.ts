import type { Logger } from "../../shared/log.ts";
import type { AuditEvent, AuditLog } from "./audit_log.ts";

/** Audit records among the log's others: where no audit log of their own is configured. */
export class LoggedAudit implements AuditLog {
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  readonly failure = undefined;

  /** Key operations and refused connections have counters and log records of their own. */
  record(event: AuditEvent): void {
    if (event.kind === "key-operation" || event.kind === "connection-refused") return;
    this.#log.info({ event: "audit", audit: event }, "audit");
  }

  /** Each record was written at once. */
  flush(): void {}
}
