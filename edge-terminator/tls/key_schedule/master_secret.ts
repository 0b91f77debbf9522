import { ApplicationTrafficSecret } from "./application_traffic_secret.ts";
import { ExporterMasterSecret } from "./exporter_master_secret.ts";
import { ResumptionMasterSecret } from "./resumption_master_secret.ts";
import { ScheduledSecret } from "./scheduled_secret.ts";
import type { TranscriptHash } from "./transcript_hash.ts";

/** RFC 8446, Section 7.1. The diagram is in early_secret.ts. */
export class MasterSecret extends ScheduledSecret {
  clientApplicationTrafficSecret(
    transcriptHash: TranscriptHash<"server-finished">,
  ): ApplicationTrafficSecret {
    return new ApplicationTrafficSecret(this.pool, this.hash, this.expand("c ap traffic", transcriptHash));
  }

  serverApplicationTrafficSecret(
    transcriptHash: TranscriptHash<"server-finished">,
  ): ApplicationTrafficSecret {
    return new ApplicationTrafficSecret(this.pool, this.hash, this.expand("s ap traffic", transcriptHash));
  }

  exporterMasterSecret(transcriptHash: TranscriptHash<"server-finished">): ExporterMasterSecret {
    return new ExporterMasterSecret(this.pool, this.hash, this.expand("exp master", transcriptHash));
  }

  /** The last derivation: the master secret is gone afterwards. */
  intoResumptionMasterSecret(transcriptHash: TranscriptHash<"client-finished">): ResumptionMasterSecret {
    using _consumed = this;
    return new ResumptionMasterSecret(this.pool, this.hash, this.expand("res master", transcriptHash));
  }
}
