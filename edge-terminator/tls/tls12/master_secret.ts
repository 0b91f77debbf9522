/**
 * The key schedule of TLS 1.2 (RFC 5246, Sections 6.3 and 8.1; RFC 7627, Section 4):
 *
 *    premaster secret
 *          |
 *          +--> PRF(., "extended master secret", session_hash)   or, without RFC 7627,
 *          +--> PRF(., "master secret", client_random + server_random)
 *          v
 *    Tls12MasterSecret (48 bytes)
 *          |
 *          +--> PRF(., "key expansion", server_random + client_random) = keys and IVs of both directions
 *          +--> PRF(., "client finished" / "server finished", Hash(handshake_messages)) = verify_data
 *          +--> PRF(., label, client_random + server_random [+ context]) = exported keying material
 */
import { aeadKeyLength } from "../../../shared/libcrypto/aead.ts";
import type { HashName } from "../../../shared/libcrypto/digest.ts";
import { constantTimeEqual } from "../../../shared/libcrypto/constant_time.ts";
import { tls12Prf, tls12PrfPublic } from "../../../shared/libcrypto/tls12_prf.ts";
import type { LockedPool } from "../../../shared/memory/locked_pool.ts";
import type { Secret } from "../../../shared/memory/secret.ts";
import type { Tls12CipherSuite } from "../cipher_suites.ts";
import { ScheduledSecret } from "../key_schedule/scheduled_secret.ts";
import { TrafficKeys } from "../key_schedule/traffic_keys.ts";

const masterSecretLength = 48;
const verifyDataLength = 12;

/** Both hellos' randoms, 32 bytes each. */
export interface Randoms {
  readonly client: Uint8Array;
  readonly server: Uint8Array;
}

/** The 48 bytes that everything of a TLS 1.2 session comes from; what may be derived is in the picture above. */
export class Tls12MasterSecret extends ScheduledSecret {
  /** RFC 7627, Section 4: over the hash of the handshake through ClientKeyExchange. The premaster stays the caller's. */
  static extended(
    pool: LockedPool,
    hash: HashName,
    premaster: Secret,
    sessionHash: Uint8Array,
  ): Tls12MasterSecret {
    return Tls12MasterSecret.#derive(pool, hash, premaster, "extended master secret", [sessionHash]);
  }

  /** RFC 5246, Section 8.1 */
  static plain(pool: LockedPool, hash: HashName, premaster: Secret, randoms: Randoms): Tls12MasterSecret {
    return Tls12MasterSecret.#derive(pool, hash, premaster, "master secret", [
      randoms.client,
      randoms.server,
    ]);
  }

  /** Of a resumed session, or of a key server's answer; takes ownership. */
  static adopt(pool: LockedPool, hash: HashName, secret: Secret): Tls12MasterSecret {
    return new Tls12MasterSecret(pool, hash, secret);
  }

  static #derive(pool: LockedPool, hash: HashName, premaster: Secret, label: string, seed: Uint8Array[]) {
    const [secret] = tls12Prf(pool, hash, premaster, label, seed, [masterSecretLength]);
    return new Tls12MasterSecret(pool, hash, secret!);
  }

  /** RFC 5246, Section 6.3; no MAC keys, because every suite is an AEAD. The caller owns both. */
  trafficKeys(
    suite: Tls12CipherSuite,
    randoms: Randoms,
  ): { readonly client: TrafficKeys; readonly server: TrafficKeys } {
    const keyLength = aeadKeyLength[suite.aead];
    const [clientKey, serverKey, clientIv, serverIv] = tls12Prf(
      this.pool,
      this.hash,
      this.secret,
      "key expansion",
      [randoms.server, randoms.client],
      [keyLength, keyLength, suite.fixedIvLength, suite.fixedIvLength],
    ) as [Secret, Secret, Secret, Secret];
    return {
      client: new TrafficKeys(suite.aead, clientKey, clientIv),
      server: new TrafficKeys(suite.aead, serverKey, serverIv),
    };
  }

  /** RFC 5246, Section 7.4.9 */
  verifyData(side: "client" | "server", handshakeHash: Uint8Array): Uint8Array {
    return tls12PrfPublic(
      this.pool,
      this.hash,
      this.secret,
      `${side} finished`,
      [handshakeHash],
      verifyDataLength,
    );
  }

  /** Whether this is the client's verify_data, in constant time. */
  verifies(verifyData: Uint8Array, handshakeHash: Uint8Array): boolean {
    const expected = this.verifyData("client", handshakeHash);
    return verifyData.length === expected.length && constantTimeEqual(verifyData, expected);
  }

  /** A copy for a ticket or a cache; the caller owns it. */
  copy(): Secret {
    const copy = this.pool.rent(masterSecretLength);
    copy.bytes.set(this.secret.bytes);
    return copy;
  }

  /** RFC 5705, Section 4: an absent context is not an empty one. The result is the application's. */
  exportKeyingMaterial(
    label: string,
    randoms: Randoms,
    context: Uint8Array | undefined,
    length: number,
  ): Uint8Array {
    const seed = [randoms.client, randoms.server];
    if (context !== undefined) {
      seed.push(new Uint8Array([context.length >> 8, context.length & 0xff]), context);
    }
    return tls12PrfPublic(this.pool, this.hash, this.secret, label, seed, length);
  }
}
