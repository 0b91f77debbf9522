import { aeadKeyLength, type AeadName } from "../../../shared/libcrypto/aead.ts";
import type { HashName } from "../../../shared/libcrypto/digest.ts";
import type { LockedPool } from "../../../shared/memory/locked_pool.ts";
import type { Secret } from "../../../shared/memory/secret.ts";
import { hkdfExpandLabel } from "./hkdf_label.ts";

const ivLength = 12;

/** The key and the IV of one direction: what the record layer owns. */
export class TrafficKeys implements Disposable {
  readonly aead: AeadName;
  readonly key: Secret;
  readonly iv: Secret;
  #disposed = false;

  /** Takes ownership of both secrets. `iv` is 12 bytes, or the 4-byte salt of TLS 1.2 AES-GCM. */
  constructor(aead: AeadName, key: Secret, iv: Secret) {
    this.aead = aead;
    this.key = key;
    this.iv = iv;
  }

  /** RFC 8446, Section 7.3 */
  static derive(pool: LockedPool, hash: HashName, aead: AeadName, trafficSecret: Secret): TrafficKeys {
    const key = hkdfExpandLabel(pool, hash, trafficSecret, "key", undefined, aeadKeyLength[aead]);
    try {
      return new TrafficKeys(
        aead,
        key,
        hkdfExpandLabel(pool, hash, trafficSecret, "iv", undefined, ivLength),
      );
    } catch (error) {
      key[Symbol.dispose](); // an exhausted pool must not cost it one block more
      throw error;
    }
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.key[Symbol.dispose]();
    this.iv[Symbol.dispose]();
  }
}
