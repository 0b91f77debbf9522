/** The JSON files of Wycheproof (https://github.com/C2SP/wycheproof), as far as the runner reads them. */
export interface VectorFile {
  readonly algorithm: string;
  readonly testGroups: readonly VectorGroup[];
}

/** Tests that share a key or sizes. Sizes are in bits. */
export interface VectorGroup {
  readonly ivSize?: number;
  readonly keySize?: number;
  readonly tagSize?: number;
  /** DER SubjectPublicKeyInfo, hexadecimal. */
  readonly publicKeyDer?: string;
  readonly tests: readonly Vector[];
}

export interface Vector {
  readonly tcId: number;
  readonly comment?: string;
  readonly flags: readonly string[];
  /** "acceptable": right either way, but a result must be the expected one. */
  readonly result: "valid" | "invalid" | "acceptable";
  /** Everything else: hexadecimal strings, and sizes. */
  readonly [field: string]: unknown;
}

/** What the runner makes of each file: the primitive it drives. */
export const wycheproofFiles = [
  "x25519",
  "ecdh_secp256r1_ecpoint",
  "ecdh_secp384r1_ecpoint",
  "aes_gcm",
  "chacha20_poly1305",
  "hkdf_sha256",
  "hkdf_sha384",
  "hmac_sha256",
  "hmac_sha384",
  "ecdsa_secp256r1_sha256",
  "ecdsa_secp384r1_sha384",
  "rsa_pss_2048_sha256_mgf1_32",
  "rsa_pss_2048_sha384_mgf1_48",
  "rsa_pss_4096_sha512_mgf1_64",
  "rsa_pss_2048_sha256_mgf1_32_params",
  "rsa_signature_2048_sha256",
  "ed25519",
  "mlkem_768_encaps",
] as const;

export type WycheproofFile = typeof wycheproofFiles[number];
