import type { LockedPool } from "../memory/locked_pool.ts";
import type { Secret } from "../memory/secret.ts";
import { cString, libcrypto } from "./bindings.ts";
import { KeyAgreementError, LibcryptoError } from "./errors.ts";
import { drainErrorQueue, mustExist, mustSucceed } from "./failure.ts";
import { KeyHandle } from "./public_key.ts";

/** Sizes in bytes of ML-KEM-768 (FIPS 203, Table 3). */
export const mlKem768 = {
  encapsulationKeyLength: 1184,
  ciphertextLength: 1088,
  sharedSecretLength: 32,
} as const;

/** What the client needs to arrive at the secret, and the secret. The receiver disposes the secret. */
export interface Encapsulation {
  readonly ciphertext: Uint8Array<ArrayBuffer>;
  readonly sharedSecret: Secret;
}

/** Which implementation of ML-KEM-768 this process uses. */
export type MlKemProvider = "libcrypto" | "webcrypto";

let provider: MlKemProvider | undefined;

/** libcrypto where it has ML-KEM (OpenSSL 3.5), else the platform's WebCrypto. Found by trying, not by version. */
export function mlKemProvider(): MlKemProvider {
  if (provider === undefined) {
    const found = libcrypto().EVP_KEYMGMT_fetch(0, opensslName, null) !== 0n;
    if (!found) drainErrorQueue();
    provider = found ? "libcrypto" : "webcrypto";
  }
  return provider;
}

/**
 * ML-KEM-768 encapsulation (FIPS 203, Section 7.2) to a peer's key.
 *
 * @param encapsulationKey 1184 bytes
 * @returns a ciphertext of 1088 bytes and a secret of 32 bytes in the pool
 * @throws {KeyAgreementError} when the key has the wrong length or fails the modulus check
 */
export async function encapsulate(pool: LockedPool, encapsulationKey: Uint8Array): Promise<Encapsulation> {
  if (encapsulationKey.length !== mlKem768.encapsulationKeyLength) {
    throw new KeyAgreementError(name, `the encapsulation key has ${encapsulationKey.length} bytes`);
  }
  if (mlKemProvider() === "libcrypto") return encapsulateByLibcrypto(pool, encapsulationKey);
  return await encapsulateByWebCrypto(pool, encapsulationKey);
}

const name = "ML-KEM-768";
const opensslName = cString(name);

function encapsulateByLibcrypto(pool: LockedPool, encapsulationKey: Uint8Array): Encapsulation {
  const { EVP_PKEY_new_raw_public_key_ex, EVP_PKEY_CTX_new_from_pkey, EVP_PKEY_CTX_free } = libcrypto();
  const address = EVP_PKEY_new_raw_public_key_ex(
    0,
    opensslName,
    null,
    encapsulationKey,
    encapsulationKey.length,
  );
  if (address === 0n) {
    drainErrorQueue();
    throw invalidKey();
  }
  using key = new KeyHandle(Number(address));
  const context = mustExist(EVP_PKEY_CTX_new_from_pkey(0, key.address, null), `prepare ${name}`);
  const sharedSecret = pool.rent(mlKem768.sharedSecretLength);
  try {
    const ciphertext = new Uint8Array(mlKem768.ciphertextLength);
    const lengths = [ciphertext.length, sharedSecret.length].map((length) =>
      new BigUint64Array([BigInt(length)])
    );
    mustSucceed(libcrypto().EVP_PKEY_encapsulate_init(context, null), `prepare ${name}`);
    mustSucceed(
      libcrypto().EVP_PKEY_encapsulate(context, ciphertext, lengths[0]!, sharedSecret.address, lengths[1]!),
      `encapsulate with ${name}`,
    );
    return { ciphertext, sharedSecret };
  } catch (error) {
    sharedSecret[Symbol.dispose]();
    throw error;
  } finally {
    EVP_PKEY_CTX_free(context);
  }
}

/** The part of WebCrypto (W3C draft "Modern Algorithms in the Web Cryptography API") TypeScript has no types for. */
interface EncapsulatingCrypto {
  importKey(
    format: "raw-public",
    key: Uint8Array,
    algorithm: { name: string },
    extractable: boolean,
    usages: string[],
  ): Promise<CryptoKey>;
  encapsulateBits(
    algorithm: { name: string },
    key: CryptoKey,
  ): Promise<{ ciphertext: ArrayBuffer; sharedKey: ArrayBuffer }>;
}

async function encapsulateByWebCrypto(
  pool: LockedPool,
  encapsulationKey: Uint8Array,
): Promise<Encapsulation> {
  const subtle = crypto.subtle as unknown as EncapsulatingCrypto;
  if (typeof subtle.encapsulateBits !== "function") {
    throw new LibcryptoError(`encapsulate with ${name}`, "neither libcrypto nor WebCrypto has it");
  }
  const algorithm = { name };
  const key = await subtle.importKey("raw-public", encapsulationKey, algorithm, false, ["encapsulateBits"])
    .catch(() => undefined);
  if (key === undefined) throw invalidKey();
  const result = await subtle.encapsulateBits(algorithm, key).catch(() => undefined);
  if (result === undefined) throw invalidKey();
  // The one secret that passes through the JavaScript heap: copied into the pool and wiped at once.
  const exposed = new Uint8Array(result.sharedKey);
  try {
    const sharedSecret = pool.rent(mlKem768.sharedSecretLength);
    sharedSecret.bytes.set(exposed);
    return { ciphertext: new Uint8Array(result.ciphertext), sharedSecret };
  } finally {
    exposed.fill(0);
  }
}

function invalidKey(): KeyAgreementError {
  return new KeyAgreementError(name, "the encapsulation key is invalid");
}
