import type { AeadName } from "../../../shared/libcrypto/aead.ts";
import { hmacPublic } from "../../../shared/libcrypto/hmac.ts";
import { ScheduledSecret } from "./scheduled_secret.ts";
import { TrafficKeys } from "./traffic_keys.ts";
import type { TranscriptHash, TranscriptPoint } from "./transcript_hash.ts";

/** One direction's secret between ServerHello and Finished. */
abstract class HandshakeTrafficSecret<FinishedCovers extends TranscriptPoint> extends ScheduledSecret {
  trafficKeys(aead: AeadName): TrafficKeys {
    return TrafficKeys.derive(this.pool, this.hash, aead, this.secret);
  }

  /**
   * The verify_data of this side's Finished: not a secret once sent.
   *
   * RFC 8446, Section 4.4.4
   */
  finishedVerifyData(transcriptHash: TranscriptHash<FinishedCovers>): Uint8Array {
    using finishedKey = this.expand("finished");
    return hmacPublic(this.hash, finishedKey, transcriptHash);
  }
}

/** client_handshake_traffic_secret: its Finished covers the server's, and the client's certificate if there is one. */
export class ClientHandshakeTrafficSecret
  extends HandshakeTrafficSecret<"server-finished" | "client-certificate" | "client-certificate-verify"> {}

/** server_handshake_traffic_secret: its Finished covers CertificateVerify, or in a resumption EncryptedExtensions. */
export class ServerHandshakeTrafficSecret
  extends HandshakeTrafficSecret<"certificate-verify" | "encrypted-extensions"> {}
