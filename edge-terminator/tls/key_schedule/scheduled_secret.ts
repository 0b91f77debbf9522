import type { HashName } from "../../../shared/libcrypto/digest.ts";
import { HoldfastError } from "../../../shared/errors.ts";
import type { LockedPool } from "../../../shared/memory/locked_pool.ts";
import type { Secret } from "../../../shared/memory/secret.ts";
import { hkdfExpandLabel } from "./hkdf_label.ts";

/**
 * One secret of the key schedule: owns one block of the pool, returned by the first dispose.
 *
 * A method named `into…` consumes: the secret is gone when it returns, whatever follows. Disposing a consumed
 * secret does nothing, so that the keeper of a connection need not know how far the schedule has come.
 */
export abstract class ScheduledSecret implements Disposable {
  protected readonly pool: LockedPool;
  protected readonly hash: HashName;
  #secret: Secret | undefined;

  /** Takes ownership of `secret`, which is of the hash's length. */
  constructor(pool: LockedPool, hash: HashName, secret: Secret) {
    this.pool = pool;
    this.hash = hash;
    this.#secret = secret;
  }

  protected get secret(): Secret {
    if (this.#secret === undefined) {
      throw new HoldfastError(
        "secret-consumed",
        `Cannot derive from ${this.constructor.name}: it is already gone`,
      );
    }
    return this.#secret;
  }

  protected expand(label: string, context?: Uint8Array, length?: number): Secret {
    return hkdfExpandLabel(this.pool, this.hash, this.secret, label, context, length);
  }

  [Symbol.dispose](): void {
    const secret = this.#secret;
    this.#secret = undefined;
    secret?.[Symbol.dispose]();
  }
}
