import { AlertDescription, AlertLevel, ContentType, nameOf } from "../../shared/tls_constants.ts";
import { MalformedMessage, type TlsError } from "../../shared/tls_messages/errors.ts";
import { AlertReceived, misbehaved } from "./errors.ts";
import { maxWarningAlerts } from "./record/limits.ts";
import type { RecordLayer } from "./record/record_layer.ts";

/** The one place that sends alerts. close_notify and user_canceled are warnings (RFC 8446, Section 6). */
export function sendAlert(records: RecordLayer, description: AlertDescription): void {
  const announcesEnd = description === AlertDescription.close_notify ||
    description === AlertDescription.user_canceled;
  const level = announcesEnd ? AlertLevel.warning : AlertLevel.fatal;
  records.write(ContentType.alert, new Uint8Array([level, description]));
}

/** Sends the alert of a failure, as far as that is possible still. */
export function trySendAlert(records: RecordLayer, alert: AlertDescription): void {
  try {
    sendAlert(records, alert);
    // RFC 8446, Section 6.1: user_canceled only announces the end.
    if (alert === AlertDescription.user_canceled) sendAlert(records, AlertDescription.close_notify);
  } catch {
    // The cause may be the very thing that sealing needs; the peer then sees the connection close.
  }
}

/** The alert to send for an error; undefined when the peer has ended the connection itself. */
export function alertFor(error: TlsError): AlertDescription | undefined {
  return error instanceof AlertReceived ? undefined : error.alert;
}

/** Reads the peer's alerts and counts those that change nothing. */
export class AlertReader {
  #warnings = 0;

  /**
   * Whether the alert is close_notify; false for one to ignore; throws AlertReceived for a fatal one.
   *
   * RFC 8446, Section 6: the level is redundant in TLS 1.3, where every alert but two is fatal; a warning that it
   * does not know breaks the protocol.
   */
  read(content: Uint8Array, version: "TLS 1.3" | "TLS 1.2" | undefined): boolean {
    if (content.length !== 2) {
      throw new MalformedMessage(`Cannot read an alert: it has ${content.length} bytes`, {
        reason: "BAD_ALERT",
      });
    }
    const [level, description] = content as unknown as [number, AlertDescription];
    if (level === AlertLevel.fatal) {
      throw new AlertReceived(description, nameOf(AlertDescription, description));
    }
    if (level !== AlertLevel.warning) {
      throw misbehaved(
        AlertDescription.illegal_parameter,
        "UNKNOWN_ALERT_TYPE",
        `an alert has the level ${level}`,
      );
    }
    if (description === AlertDescription.close_notify) return true;
    if (version === "TLS 1.3" && description !== AlertDescription.user_canceled) {
      throw new MalformedMessage("Cannot read an alert: TLS 1.3 has no such warning", {
        reason: "BAD_ALERT",
      });
    }
    if (++this.#warnings > maxWarningAlerts) {
      throw misbehaved(
        AlertDescription.unexpected_message,
        "TOO_MANY_WARNING_ALERTS",
        "it sends too many warnings",
      );
    }
    return false;
  }

  /** Content of another kind came: the count starts anew. */
  reset(): void {
    this.#warnings = 0;
  }
}
