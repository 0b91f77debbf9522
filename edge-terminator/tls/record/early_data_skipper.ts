import { AlertDescription, ContentType } from "../../../shared/tls_constants.ts";
import { misbehaved } from "../errors.ts";
import { maxSkippedEarlyData, recordHeaderLength } from "./limits.ts";
import type { RawRecord } from "./record_reader.ts";

/**
 * Skips the early data of a client whose 0-RTT is refused (RFC 8446, Section 4.2.10): records that do not decrypt,
 * or, after a HelloRetryRequest, records of application data in the clear. Both end with the client's next own
 * message and have a bound.
 */
export class EarlyDataSkipper {
  #active = false;
  #skipped = 0;

  start(): void {
    this.#active = true;
  }

  stop(): void {
    this.#active = false;
  }

  /** Whether this record, which came while nothing is encrypted yet, is refused early data. */
  skipsUnprotected(record: RawRecord): boolean {
    if (!this.#active || record.type !== ContentType.application_data) return false;
    this.#skip(record);
    return true;
  }

  /** Takes a record that did not authenticate: early data, or bad_record_mac. */
  skipUndecryptable(record: RawRecord): void {
    if (!this.#active) {
      throw misbehaved(
        AlertDescription.bad_record_mac,
        "DECRYPTION_FAILED_OR_BAD_RECORD_MAC",
        "a record does not authenticate",
      );
    }
    this.#skip(record);
  }

  #skip(record: RawRecord): void {
    this.#skipped += recordHeaderLength + record.fragment.length;
    if (this.#skipped > maxSkippedEarlyData) {
      throw misbehaved(
        AlertDescription.unexpected_message,
        "TOO_MUCH_SKIPPED_EARLY_DATA",
        "too much early data came",
      );
    }
  }
}
