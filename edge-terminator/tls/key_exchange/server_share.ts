import { KeyAgreementError } from "../../../shared/libcrypto/errors.ts";
import { AlertDescription } from "../../../shared/tls_constants.ts";
import type { LockedPool } from "../../../shared/memory/locked_pool.ts";
import type { Secret } from "../../../shared/memory/secret.ts";
import { misbehaved } from "../errors.ts";
import type { KeyExchangeGroup } from "./groups.ts";
import type { GenerateKeyPair, KeyPair } from "./key_pair.ts";

/** The server's half of a key exchange. The secret is the receiver's to dispose. */
export interface ServerShare {
  /** KeyShareEntry.key_exchange of the ServerHello. */
  readonly keyExchange: Uint8Array;
  readonly sharedSecret: Secret;
}

/** The result of an ML-KEM encapsulation. */
export interface Encapsulation {
  readonly ciphertext: Uint8Array;
  readonly sharedSecret: Secret;
}

function badShare(why: string) {
  return misbehaved(AlertDescription.illegal_parameter, "BAD_ECPOINT", why);
}

/** A client's share as its parts; a wrong length is an illegal_parameter. */
export function splitClientShare(group: KeyExchangeGroup, share: Uint8Array) {
  const at = group.encapsulationKeyLength;
  if (share.length !== at + group.curveShareLength) throw badShare(`a key share has ${share.length} bytes`);
  return { encapsulationKey: share.subarray(0, at), curveShare: share.subarray(at) };
}

/**
 * Answers a client's share (RFC 8446, Section 4.2.8.2; for a hybrid draft-ietf-tls-ecdhe-mlkem, Section 3.1.3: the
 * secret is the ML-KEM's followed by the curve's). The key pair is gone when this returns.
 */
export function answerShare(
  pool: LockedPool,
  generate: GenerateKeyPair,
  group: KeyExchangeGroup,
  clientShare: Uint8Array,
  encapsulation?: Encapsulation,
): ServerShare {
  const { curveShare } = splitClientShare(group, clientShare);
  using pair = generate(group.curve);
  if (encapsulation === undefined) {
    return { keyExchange: pair.publicKey, sharedSecret: deriveFromShare(pool, pair, curveShare) };
  }
  using curveSecret = deriveFromShare(pool, pair, curveShare);
  const keyExchange = new Uint8Array(encapsulation.ciphertext.length + pair.publicKey.length);
  keyExchange.set(encapsulation.ciphertext);
  keyExchange.set(pair.publicKey, encapsulation.ciphertext.length);
  return { keyExchange, sharedSecret: join(pool, encapsulation.sharedSecret, curveSecret) };
}

/** The secret shared with the holder of `share`; illegal_parameter for one that is no valid point. */
export function deriveFromShare(pool: LockedPool, pair: KeyPair, share: Uint8Array): Secret {
  try {
    return pair.derive(pool, share);
  } catch (error) {
    if (error instanceof KeyAgreementError) throw badShare("its key share is no valid point");
    throw error;
  }
}

function join(pool: LockedPool, first: Secret, second: Secret): Secret {
  const joined = pool.rent(first.length + second.length);
  joined.bytes.set(first.bytes);
  joined.bytes.set(second.bytes, first.length);
  return joined;
}
