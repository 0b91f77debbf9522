import { LockedPool } from "../../shared/memory/locked_pool.ts";
import type { Secret } from "../../shared/memory/secret.ts";
import { HoldfastError } from "../../shared/errors.ts";
import { aeadKeyLength, type AeadName, aeadTagLength, keyAead } from "../../shared/libcrypto/aead.ts";
import { constantTimeEqual } from "../../shared/libcrypto/constant_time.ts";
import { fromHex, toHex } from "../../shared/libcrypto/hexadecimal.ts";
import { hkdfExpand, hkdfExtract } from "../../shared/libcrypto/hkdf.ts";
import { hmacPublic } from "../../shared/libcrypto/hmac.ts";
import {
  EphemeralKeyPair,
  type KeyAgreementGroup,
  publicKeyLength,
} from "../../shared/libcrypto/key_agreement.ts";
import { encapsulate } from "../../shared/libcrypto/ml_kem.ts";
import { verifySignature } from "../../shared/libcrypto/verify.ts";
import type { Vector, VectorGroup, WycheproofFile } from "./wycheproof_format.ts";

/**
 * What our primitive did with a vector: "rejected", "accepted" with the expected output, or "mismatch" for an output that
 * differs. Undefined: sizes that TLS never uses and our interface does not offer.
 */
export type Outcome = "accepted" | "rejected" | "mismatch";
type Runner = (group: VectorGroup, vector: Vector) => Outcome | undefined | Promise<Outcome>;

/** Blocks large enough for HKDF's longest output. */
const pool = LockedPool.open({ totalBytes: 8 * 16384, blockSize: 16384 });

function bytes(vector: Vector, field: string): Uint8Array<ArrayBuffer> {
  return fromHex(String(vector[field]));
}

function secretOf(content: Uint8Array): Secret {
  const secret = pool.rent(Math.max(content.length, 1));
  secret.bytes.set(content);
  return secret;
}

function compare(output: Uint8Array, expected: unknown): Outcome {
  return toHex(output) === expected ? "accepted" : "mismatch";
}

/** An error of ours is a rejection; any other is a bug and ends the test. */
function rejectionOr(run: () => Outcome): Outcome {
  try {
    return run();
  } catch (error) {
    if (error instanceof HoldfastError || error instanceof RangeError) return "rejected";
    throw error;
  }
}

function keyAgreement(group: KeyAgreementGroup): Runner {
  const scalarLength = group === "x25519" ? 32 : (publicKeyLength(group) - 1) / 2;
  return (_, vector) =>
    rejectionOr(() => {
      const digits = String(vector.private).replace(/^(00)+(?=.{64})/, "").padStart(2 * scalarLength, "0");
      using pair = EphemeralKeyPair.fromPublishedScalar(group, fromHex(digits));
      using shared = pair.derive(pool, bytes(vector, "public"));
      return compare(shared.bytes, vector.shared);
    });
}

function aead(nameOf: (keySize: number | undefined) => AeadName | undefined): Runner {
  return ({ keySize, tagSize }, vector) => {
    const name = nameOf(keySize);
    if (name === undefined || tagSize !== 8 * aeadTagLength) return undefined;
    return rejectionOr(() => {
      using key = pool.rent(aeadKeyLength[name]);
      key.bytes.set(bytes(vector, "key"));
      const [nonce, aad, message] = ["iv", "aad", "msg"].map((field) => bytes(vector, field));
      const sealed = Uint8Array.of(...bytes(vector, "ct"), ...bytes(vector, "tag"));
      const output = new Uint8Array(sealed.length);
      using opener = keyAead(name, key, "open");
      if (opener.open(nonce!, aad!, sealed, output) === undefined) return "rejected";
      if (toHex(output.subarray(0, message!.length)) !== vector.msg) return "mismatch";
      opener[Symbol.dispose]();
      using sealer = keyAead(name, key, "seal");
      sealer.seal(nonce!, aad!, message!, output);
      return compare(output, toHex(sealed));
    });
  };
}

function hkdf(hash: "sha256" | "sha384"): Runner {
  return (_, vector) =>
    rejectionOr(() => {
      using ikm = secretOf(bytes(vector, "ikm"));
      using prk = hkdfExtract(pool, hash, bytes(vector, "salt"), ikm);
      using okm = hkdfExpand(pool, hash, prk, bytes(vector, "info"), Number(vector.size));
      return compare(okm.bytes, vector.okm);
    });
}

function hmacWith(hash: "sha256" | "sha384"): Runner {
  return (_, vector) => {
    using key = secretOf(bytes(vector, "key"));
    const expected = bytes(vector, "tag");
    const tag = hmacPublic(hash, key, bytes(vector, "msg")).subarray(0, expected.length);
    return constantTimeEqual(tag, expected) ? "accepted" : "rejected";
  };
}

function signature(scheme: number): Runner {
  return ({ publicKeyDer = "" }, vector) =>
    verifySignature(fromHex(publicKeyDer), scheme, bytes(vector, "msg"), bytes(vector, "sig"))
      ? "accepted"
      : "rejected";
}

/** Encapsulation draws its own randomness, so that only the judgement of the key can be compared. */
async function encapsulation(_: VectorGroup, vector: Vector): Promise<Outcome> {
  try {
    const { sharedSecret } = await encapsulate(pool, bytes(vector, "ek"));
    sharedSecret[Symbol.dispose]();
    return "accepted";
  } catch (error) {
    if (error instanceof HoldfastError) return "rejected";
    throw error;
  }
}

/** Blocks still rented: a primitive that leaks one shows here. */
export function blocksInUse(): number {
  return pool.blocksInUse;
}

/** The primitive behind each file. */
export const runners: Readonly<Record<WycheproofFile, Runner>> = {
  x25519: keyAgreement("x25519"),
  ecdh_secp256r1_ecpoint: keyAgreement("secp256r1"),
  ecdh_secp384r1_ecpoint: keyAgreement("secp384r1"),
  aes_gcm: aead((keySize) => keySize === 128 ? "aes-128-gcm" : keySize === 256 ? "aes-256-gcm" : undefined),
  chacha20_poly1305: aead(() => "chacha20-poly1305"),
  hkdf_sha256: hkdf("sha256"),
  hkdf_sha384: hkdf("sha384"),
  hmac_sha256: hmacWith("sha256"),
  hmac_sha384: hmacWith("sha384"),
  ecdsa_secp256r1_sha256: signature(0x0403),
  ecdsa_secp384r1_sha384: signature(0x0503),
  rsa_pss_2048_sha256_mgf1_32: signature(0x0804),
  rsa_pss_2048_sha384_mgf1_48: signature(0x0805),
  rsa_pss_4096_sha512_mgf1_64: signature(0x0806),
  rsa_pss_2048_sha256_mgf1_32_params: signature(0x0809),
  rsa_signature_2048_sha256: signature(0x0401),
  ed25519: signature(0x0807),
  mlkem_768_encaps: encapsulation,
};
