import { mlKem768 } from "../../../shared/libcrypto/ml_kem.ts";
import type { RawKeyShare } from "../../peer/hello_builder.ts";

/** WebCrypto's ML-KEM, which Deno has and its types do not. */
interface KemCrypto {
  generateKey(algorithm: object, extractable: boolean, usages: string[]): Promise<CryptoKeyPair>;
  exportKey(format: string, key: CryptoKey): Promise<ArrayBuffer>;
  decapsulateBits(algorithm: object, key: CryptoKey, ciphertext: Uint8Array): Promise<ArrayBuffer>;
}

const algorithm = { name: "ML-KEM-768" };
const subtle = crypto.subtle as unknown as KemCrypto;

/** The client's half of an ML-KEM-768, for a scripted client that only knows nonsense to send. */
export class KemClient {
  /** Zeros until `decapsulate`. */
  readonly sharedSecret = new Uint8Array(mlKem768.sharedSecretLength);
  readonly #key: CryptoKey;
  readonly #encapsulationKey: Uint8Array;

  private constructor(key: CryptoKey, encapsulationKey: Uint8Array) {
    this.#key = key;
    this.#encapsulationKey = encapsulationKey;
  }

  static async create(): Promise<KemClient> {
    const pair = await subtle.generateKey(algorithm, true, ["encapsulateBits", "decapsulateBits"]);
    return new KemClient(
      pair.privateKey,
      new Uint8Array(await subtle.exportKey("raw-public", pair.publicKey)),
    );
  }

  /** Puts the encapsulation key in front of the hybrid's share. */
  putKeyInto(shares: readonly RawKeyShare[] | undefined): void {
    shares?.[0]?.keyExchange.set(this.#encapsulationKey);
  }

  /** `share` is the server's: ciphertext, then its curve's public key. */
  async decapsulate(share: Uint8Array): Promise<void> {
    const ciphertext = share.slice(0, mlKem768.ciphertextLength);
    this.sharedSecret.set(new Uint8Array(await subtle.decapsulateBits(algorithm, this.#key, ciphertext)));
  }
}
