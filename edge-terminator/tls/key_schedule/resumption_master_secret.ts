import type { Secret } from "../../../shared/memory/secret.ts";
import { ScheduledSecret } from "./scheduled_secret.ts";

/** RFC 8446, Section 7.1: where the PSKs of tickets come from. */
export class ResumptionMasterSecret extends ScheduledSecret {
  /**
   * The PSK of the ticket with this nonce; the caller owns it.
   *
   * RFC 8446, Section 4.6.1
   */
  ticketPsk(ticketNonce: Uint8Array): Secret {
    return this.expand("resumption", ticketNonce);
  }
}
