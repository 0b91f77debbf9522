import { digest } from "../../../shared/libcrypto/digest.ts";
import { hkdfExpandPublic } from "../../../shared/libcrypto/hkdf.ts";
import { emptyHash } from "./early_secret.ts";
import { hkdfLabel } from "./hkdf_label.ts";
import { ScheduledSecret } from "./scheduled_secret.ts";

const empty = new Uint8Array(0);

/** RFC 8446, Section 7.1: what applications derive keying material of their own from. */
export class ExporterMasterSecret extends ScheduledSecret {
  /**
   * TLS-Exporter(label, context_value, key_length), at most 255 times the hash long. An absent context equals an empty
   * one. The result is the application's, and so are the copies of it.
   *
   * RFC 8446, Section 7.5
   */
  exportKeyingMaterial(label: string, context: Uint8Array = empty, length: number): Uint8Array {
    using labelSecret = this.expand(label, emptyHash(this.hash));
    const info = hkdfLabel("exporter", digest(this.hash, context), length);
    return hkdfExpandPublic(this.hash, labelSecret, info, length);
  }
}
