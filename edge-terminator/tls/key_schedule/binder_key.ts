import { hmacPublic } from "../../../shared/libcrypto/hmac.ts";
import { ScheduledSecret } from "./scheduled_secret.ts";

/** Proves possession of a PSK over a truncated ClientHello. */
export class BinderKey extends ScheduledSecret {
  /**
   * The binder over the transcript hash up to and including the truncated ClientHello.
   *
   * RFC 8446, Section 4.2.11.2: computed as a Finished message is.
   */
  binder(truncatedTranscriptHash: Uint8Array): Uint8Array {
    using finishedKey = this.expand("finished");
    return hmacPublic(this.hash, finishedKey, truncatedTranscriptHash);
  }
}
