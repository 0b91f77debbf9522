import { HoldfastError } from "../../shared/errors.ts";

/** The audit log cannot be opened or kept. Code `audit`. */
export class AuditError extends HoldfastError {
  constructor(reason: string, options?: ErrorOptions) {
    super("audit", `Cannot keep the audit log: ${reason}`, options);
  }
}

/** Where in the log something is not as it was written. */
export interface DamagePlace {
  readonly file: string;
  /** From 1, in that file. */
  readonly line: number;
  /** Of the line's first byte, from 0, in that file. */
  readonly offset: number;
}

/** The log was changed after it was written. Code `audit-damaged`. */
export class AuditDamageError extends HoldfastError {
  readonly place: DamagePlace;
  readonly reason: string;

  constructor(place: DamagePlace, reason: string) {
    const { file, line, offset } = place;
    super(
      "audit-damaged",
      `Cannot verify the audit log: ${file}, line ${line} (byte ${offset}): ${reason}`,
    );
    this.place = place;
    this.reason = reason;
  }
}
