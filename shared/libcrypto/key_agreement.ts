import type { LockedPool } from "../memory/locked_pool.ts";
import type { Secret } from "../memory/secret.ts";
import { addressOf, cString, libcrypto } from "./bindings.ts";
import { KeyAgreementError } from "./errors.ts";
import { drainErrorQueue, libcryptoFailure, mustExist, mustSucceed } from "./failure.ts";
import { encodedPublicKey, KeyHandle } from "./public_key.ts";
import { ensureSecureHeap } from "./secure_heap.ts";

/** Groups of (EC)DHE by their IANA names. */
export type KeyAgreementGroup = "x25519" | "secp256r1" | "secp384r1";

interface GroupFacts {
  readonly keyType: string;
  readonly curve: string | undefined;
  /** Bytes of a public key on the wire (RFC 8446, Section 4.2.8.2). */
  readonly publicKeyLength: number;
  /** Bytes of the shared secret (RFC 8446, Section 7.4.2). */
  readonly sharedSecretLength: number;
}

const groups: Readonly<Record<KeyAgreementGroup, GroupFacts>> = {
  x25519: { keyType: "X25519", curve: undefined, publicKeyLength: 32, sharedSecretLength: 32 },
  secp256r1: { keyType: "EC", curve: "P-256", publicKeyLength: 65, sharedSecretLength: 32 },
  secp384r1: { keyType: "EC", curve: "P-384", publicKeyLength: 97, sharedSecretLength: 48 },
};

/** Length in bytes of a group's public key on the wire. */
export function publicKeyLength(group: KeyAgreementGroup): number {
  return groups[group].publicKeyLength;
}

/** Generators that are set up once: naming the group costs more than an X25519 key. They hold no key. */
const generators = new Map<KeyAgreementGroup, number>();

function generatorOf(group: KeyAgreementGroup): number {
  let context = generators.get(group);
  if (context !== undefined) return context;
  const { keyType, curve } = groups[group];
  const intent = `prepare key generation over ${group}`;
  context = mustExist(libcrypto().EVP_PKEY_CTX_new_from_name(0, cString(keyType), null), intent);
  mustSucceed(libcrypto().EVP_PKEY_keygen_init(context), intent);
  if (curve !== undefined) {
    mustSucceed(libcrypto().EVP_PKEY_CTX_set_group_name(context, cString(curve)), intent);
  }
  generators.set(group, context);
  return context;
}

/**
 * A key pair for one handshake. The private scalar stays in OpenSSL's secure heap and is zeroed on dispose; derive once
 * and dispose, so that it lives no longer than a call.
 */
export class EphemeralKeyPair implements Disposable {
  readonly group: KeyAgreementGroup;
  /** The wire form: 32 bytes for x25519, an uncompressed point of 65 or 97 bytes otherwise. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
  readonly #key: KeyHandle;

  private constructor(group: KeyAgreementGroup, key: KeyHandle) {
    this.group = group;
    this.#key = key;
    const publicKey = encodedPublicKey(key.address, groups[group].publicKeyLength);
    if (publicKey === undefined) {
      key[Symbol.dispose]();
      throw libcryptoFailure(`read a public key of ${group}`);
    }
    this.publicKey = publicKey;
  }

  /**
   * A new key pair. Opens the secure heap if nobody did.
   * @throws {SecureHeapError} when no locked memory can be had for the private scalar
   */
  static generate(group: KeyAgreementGroup): EphemeralKeyPair {
    ensureSecureHeap();
    const generated = new BigUint64Array(1);
    const { EVP_PKEY_generate } = libcrypto();
    mustSucceed(EVP_PKEY_generate(generatorOf(group), generated), `generate a key over ${group}`);
    return new EphemeralKeyPair(group, new KeyHandle(Number(generated[0])));
  }

  /**
   * The key pair of a given X25519 scalar of 32 bytes, as HPKE's recipient and test vectors have it.
   * @throws {SecureHeapError}
   */
  static fromX25519Scalar(scalar: Secret): EphemeralKeyPair {
    ensureSecureHeap();
    const { EVP_PKEY_new_raw_private_key_ex } = libcrypto();
    const key = EVP_PKEY_new_raw_private_key_ex(0, keyTypeNames.x25519, null, scalar.address, scalar.length);
    return new EphemeralKeyPair("x25519", new KeyHandle(mustExist(key, "take an X25519 scalar")));
  }

  /**
   * The key pair of a published scalar over any group: for test vectors. A curve's scalar passes through ordinary memory
   * on its way, which no secret may.
   *
   * @param scalar big-endian for the NIST curves, as long as the field; 32 bytes little-endian for x25519
   */
  static fromPublishedScalar(group: KeyAgreementGroup, scalar: Uint8Array): EphemeralKeyPair {
    ensureSecureHeap();
    const { EVP_PKEY_new_raw_private_key_ex, d2i_PrivateKey } = libcrypto();
    const intent = `take a scalar of ${group}`;
    if (group === "x25519") {
      const key = EVP_PKEY_new_raw_private_key_ex(
        0,
        keyTypeNames.x25519,
        null,
        addressOf(scalar),
        scalar.length,
      );
      return new EphemeralKeyPair(group, new KeyHandle(mustExist(key, intent)));
    }
    const oid = curveIdentifiers[group];
    const body = [0x02, 1, 1, 0x04, scalar.length, ...scalar, 0xa0, oid.length, ...oid];
    const ecPrivateKey = Uint8Array.of(0x30, body.length, ...body); // RFC 5915, Section 3
    const cursor = new BigUint64Array([addressOf(ecPrivateKey)]);
    const key = d2i_PrivateKey(EVP_PKEY_EC, 0, cursor, ecPrivateKey.length);
    return new EphemeralKeyPair(group, new KeyHandle(mustExist(key, intent)));
  }

  /**
   * The shared secret with a peer, in a new block of the pool: 32 bytes, or 48 for secp384r1.
   *
   * @throws {KeyAgreementError} when the peer's key has the wrong length or form, is off the curve, or leads to an
   * all-zero secret (RFC 8446, Sections 4.2.8.2 and 7.4.2; RFC 7748, Section 6.1)
   */
  derive(pool: LockedPool, peerPublicKey: Uint8Array): Secret {
    using peer = this.#peerKey(peerPublicKey);
    const { EVP_PKEY_CTX_new_from_pkey, EVP_PKEY_CTX_free } = libcrypto();
    const intent = `prepare key agreement over ${this.group}`;
    const context = mustExist(EVP_PKEY_CTX_new_from_pkey(0, this.#key.address, null), intent);
    try {
      mustSucceed(libcrypto().EVP_PKEY_derive_init(context), intent);
      // Decoding has checked the point; a full validation would multiply it by the order, to no end at cofactor 1.
      mustSucceed(libcrypto().EVP_PKEY_derive_set_peer_ex(context, peer.address, 0), intent);
      return this.#deriveInto(pool, context);
    } finally {
      EVP_PKEY_CTX_free(context);
    }
  }

  [Symbol.dispose](): void {
    this.#key[Symbol.dispose]();
  }

  #deriveInto(pool: LockedPool, context: number): Secret {
    const { sharedSecretLength } = groups[this.group];
    const secret = pool.rent(sharedSecretLength);
    const length = new BigUint64Array([BigInt(sharedSecretLength)]);
    const result = libcrypto().EVP_PKEY_derive(context, secret.address, length);
    if (result === 1 && Number(length[0]) === sharedSecretLength) return secret;
    secret[Symbol.dispose]();
    drainErrorQueue();
    throw new KeyAgreementError(this.group, "the peer's public key leads to a degenerate secret");
  }

  #peerKey(publicKey: Uint8Array): KeyHandle {
    const { publicKeyLength } = groups[this.group];
    if (publicKey.length !== publicKeyLength) {
      throw new KeyAgreementError(this.group, `the peer's public key has ${publicKey.length} bytes`);
    }
    if (this.group === "x25519") {
      const { EVP_PKEY_new_raw_public_key_ex } = libcrypto();
      const key = EVP_PKEY_new_raw_public_key_ex(0, keyTypeNames.x25519, null, publicKey, publicKeyLength);
      return new KeyHandle(mustExist(key, "take an X25519 public key"));
    }
    return this.#peerPoint(publicKey);
  }

  #peerPoint(publicKey: Uint8Array): KeyHandle {
    if (publicKey[0] !== uncompressedPoint) {
      throw new KeyAgreementError(this.group, "the peer's point is not in uncompressed form");
    }
    const peer = new KeyHandle(mustExist(libcrypto().EVP_PKEY_new(), "make a public key"));
    mustSucceed(
      libcrypto().EVP_PKEY_copy_parameters(peer.address, this.#key.address),
      `set a public key to ${this.group}`,
    );
    const { EVP_PKEY_set1_encoded_public_key } = libcrypto();
    if (EVP_PKEY_set1_encoded_public_key(peer.address, publicKey, publicKey.length) === 1) return peer;
    peer[Symbol.dispose]();
    drainErrorQueue();
    throw new KeyAgreementError(this.group, "the peer's point is not on the curve");
  }
}

const uncompressedPoint = 4; // SEC 1, Section 2.3.3
const keyTypeNames = { x25519: cString("X25519") };
const EVP_PKEY_EC = 408;
/** DER of the curves' object identifiers (RFC 5480, Section 2.1.1.1). */
const curveIdentifiers = {
  secp256r1: [0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7],
  secp384r1: [0x06, 5, 0x2b, 0x81, 4, 0, 0x22],
};
