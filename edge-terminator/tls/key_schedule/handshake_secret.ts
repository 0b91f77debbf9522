import { hkdfExtract } from "../../../shared/libcrypto/hkdf.ts";
import { emptyHash } from "./early_secret.ts";
import { ClientHandshakeTrafficSecret, ServerHandshakeTrafficSecret } from "./handshake_traffic_secret.ts";
import { MasterSecret } from "./master_secret.ts";
import { ScheduledSecret } from "./scheduled_secret.ts";
import type { TranscriptHash } from "./transcript_hash.ts";

/** RFC 8446, Section 7.1. The diagram is in early_secret.ts. */
export class HandshakeSecret extends ScheduledSecret {
  clientTrafficSecret(transcriptHash: TranscriptHash<"server-hello">): ClientHandshakeTrafficSecret {
    return new ClientHandshakeTrafficSecret(
      this.pool,
      this.hash,
      this.expand("c hs traffic", transcriptHash),
    );
  }

  serverTrafficSecret(transcriptHash: TranscriptHash<"server-hello">): ServerHandshakeTrafficSecret {
    return new ServerHandshakeTrafficSecret(
      this.pool,
      this.hash,
      this.expand("s hs traffic", transcriptHash),
    );
  }

  intoMasterSecret(): MasterSecret {
    using _consumed = this;
    using derived = this.expand("derived", emptyHash(this.hash));
    return new MasterSecret(this.pool, this.hash, hkdfExtract(this.pool, this.hash, derived, undefined));
  }
}
