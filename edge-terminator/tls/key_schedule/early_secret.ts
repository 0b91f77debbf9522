/**
 * The key schedule of RFC 8446, Section 7.1, one class a secret:
 *
 *              0
 *              |
 *              v
 *    PSK ->  HKDF-Extract = EarlySecret
 *              |
 *              +-----> Derive-Secret(., "res binder", "") = BinderKey
 *              v
 *        Derive-Secret(., "derived", "")
 *              |
 *              v
 *    (EC)DHE -> HKDF-Extract = HandshakeSecret
 *              |
 *              +-----> Derive-Secret(., "c hs traffic", ClientHello...ServerHello) = ClientHandshakeTrafficSecret
 *              +-----> Derive-Secret(., "s hs traffic", ClientHello...ServerHello) = ServerHandshakeTrafficSecret
 *              v
 *        Derive-Secret(., "derived", "")
 *              |
 *              v
 *    0 -> HKDF-Extract = MasterSecret
 *              |
 *              +-----> Derive-Secret(., "c ap traffic", ClientHello...server Finished) = ApplicationTrafficSecret
 *              +-----> Derive-Secret(., "s ap traffic", ClientHello...server Finished) = ApplicationTrafficSecret
 *              +-----> Derive-Secret(., "exp master", ClientHello...server Finished) = ExporterMasterSecret
 *              +-----> Derive-Secret(., "res master", ClientHello...client Finished) = ResumptionMasterSecret
 *
 * A method takes the hash of exactly the messages above, by type, and a step downwards consumes the secret it
 * starts from: a wrong order does not type-check. Every secret lives in the locked pool.
 *
 * The early traffic and early exporter secrets are absent: 0-RTT is never accepted.
 */
import { digest, type HashName } from "../../../shared/libcrypto/digest.ts";
import { hkdfExtract } from "../../../shared/libcrypto/hkdf.ts";
import type { LockedPool } from "../../../shared/memory/locked_pool.ts";
import type { Secret } from "../../../shared/memory/secret.ts";
import { BinderKey } from "./binder_key.ts";
import { HandshakeSecret } from "./handshake_secret.ts";
import { ScheduledSecret } from "./scheduled_secret.ts";

/** RFC 8446, Section 7.1: the first stage of the schedule, from a PSK or without one. */
export class EarlySecret extends ScheduledSecret {
  /** `psk` stays the caller's; absent, a string of zeros of the hash's length takes its place. */
  static extract(pool: LockedPool, hash: HashName, psk?: Secret): EarlySecret {
    return new EarlySecret(pool, hash, hkdfExtract(pool, hash, undefined, psk));
  }

  /** The key of a resumption PSK's binder (RFC 8446, Section 4.2.11.2). */
  resumptionBinderKey(): BinderKey {
    return new BinderKey(this.pool, this.hash, this.expand("res binder", emptyHash(this.hash)));
  }

  /** `sharedSecret` is the (EC)DHE result and stays the caller's. */
  intoHandshakeSecret(sharedSecret: Secret): HandshakeSecret {
    using _consumed = this;
    using derived = this.expand("derived", emptyHash(this.hash));
    return new HandshakeSecret(
      this.pool,
      this.hash,
      hkdfExtract(this.pool, this.hash, derived, sharedSecret),
    );
  }
}

const emptyHashes = new Map<HashName, Uint8Array>();

/** Transcript-Hash(""), the context of the steps that no message takes part in. */
export function emptyHash(hash: HashName): Uint8Array {
  const known = emptyHashes.get(hash);
  if (known !== undefined) return known;
  const computed = digest(hash);
  emptyHashes.set(hash, computed);
  return computed;
}
