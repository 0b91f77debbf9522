import type { Logger } from "../../shared/log.ts";
import type { AuditEvent, AuditLog } from "./audit_log.ts";

/** Audit records among the log's others: where no audit log of their own is configured. */
export class LoggedAudit implements AuditLog {
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  readonly failure = undefined;

  record(event: AuditEvent): void {
    this.#log.info({ event: "audit", audit: event }, "audit");
  }

  /** Each record was written at once. */
  flush(): void {}
}
