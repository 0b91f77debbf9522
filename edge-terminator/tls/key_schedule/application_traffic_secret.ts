import type { AeadName } from "../../../shared/libcrypto/aead.ts";
import { ScheduledSecret } from "./scheduled_secret.ts";
import { TrafficKeys } from "./traffic_keys.ts";

/** application_traffic_secret_N of one direction. */
export class ApplicationTrafficSecret extends ScheduledSecret {
  trafficKeys(aead: AeadName): TrafficKeys {
    return TrafficKeys.derive(this.pool, this.hash, aead, this.secret);
  }

  /**
   * application_traffic_secret_N+1; N is zeroed.
   *
   * RFC 8446, Section 7.2
   */
  intoNext(): ApplicationTrafficSecret {
    using _consumed = this;
    return new ApplicationTrafficSecret(this.pool, this.hash, this.expand("traffic upd"));
  }
}
