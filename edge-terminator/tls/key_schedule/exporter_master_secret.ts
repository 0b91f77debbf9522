import { digest } from "../../../shared/libcrypto/digest.ts";
import type { Secret } from "../../../shared/memory/secret.ts";
import { emptyHash } from "./early_secret.ts";
import { hkdfExpandLabel } from "./hkdf_label.ts";
import { ScheduledSecret } from "./scheduled_secret.ts";

export class ExporterMasterSecret extends ScheduledSecret {
  /**
   * TLS-Exporter(label, context_value, key_length). An absent context equals an empty one. The caller owns the
   * result, at most one block of the pool long.
   *
   * RFC 8446, Section 7.5
   */
  exportKeyingMaterial(label: string, context: Uint8Array, length: number): Secret {
    using labelSecret = this.expand(label, emptyHash(this.hash));
    return hkdfExpandLabel(this.pool, this.hash, labelSecret, "exporter", digest(this.hash, context), length);
  }
}
