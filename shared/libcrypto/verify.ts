import { SignatureScheme } from "../tls_constants.ts";
import { addressOf, cString, libcrypto } from "./bindings.ts";
import { CertificateError } from "./errors.ts";
import { drainErrorQueue, mustExist } from "./failure.ts";
import { KeyHandle } from "./public_key.ts";
import { describeKey, type KeyType } from "./x509.ts";

/** A TLS SignatureScheme (RFC 8446, Section 4.2.3), e.g. 0x0403 for ecdsa_secp256r1_sha256. */
export type SignatureSchemeNumber = number;

interface SchemeFacts {
  readonly keyTypes: readonly KeyType[];
  /** null: the algorithm hashes by itself. */
  readonly hash: "SHA256" | "SHA384" | "SHA512" | null;
  readonly pss?: true;
}

const anyEcdsa = ["ecdsa-p256", "ecdsa-p384", "ecdsa-p521"] as const;

const schemes = new Map<SignatureSchemeNumber, SchemeFacts>([
  [SignatureScheme.rsa_pkcs1_sha256, { keyTypes: ["rsa"], hash: "SHA256" }],
  [SignatureScheme.rsa_pkcs1_sha384, { keyTypes: ["rsa"], hash: "SHA384" }],
  [SignatureScheme.rsa_pkcs1_sha512, { keyTypes: ["rsa"], hash: "SHA512" }],
  [SignatureScheme.rsa_pkcs1_sha256_legacy, { keyTypes: ["rsa"], hash: "SHA256" }],
  [SignatureScheme.rsa_pkcs1_sha384_legacy, { keyTypes: ["rsa"], hash: "SHA384" }],
  [SignatureScheme.rsa_pkcs1_sha512_legacy, { keyTypes: ["rsa"], hash: "SHA512" }],
  [SignatureScheme.ecdsa_secp256r1_sha256, { keyTypes: ["ecdsa-p256"], hash: "SHA256" }],
  [SignatureScheme.ecdsa_secp384r1_sha384, { keyTypes: ["ecdsa-p384"], hash: "SHA384" }],
  [SignatureScheme.ecdsa_secp521r1_sha512, { keyTypes: ["ecdsa-p521"], hash: "SHA512" }],
  [SignatureScheme.rsa_pss_rsae_sha256, { keyTypes: ["rsa"], hash: "SHA256", pss: true }],
  [SignatureScheme.rsa_pss_rsae_sha384, { keyTypes: ["rsa"], hash: "SHA384", pss: true }],
  [SignatureScheme.rsa_pss_rsae_sha512, { keyTypes: ["rsa"], hash: "SHA512", pss: true }],
  [SignatureScheme.ed25519, { keyTypes: ["ed25519"], hash: null }],
  [SignatureScheme.rsa_pss_pss_sha256, { keyTypes: ["rsa-pss"], hash: "SHA256", pss: true }],
  [SignatureScheme.rsa_pss_pss_sha384, { keyTypes: ["rsa-pss"], hash: "SHA384", pss: true }],
  [SignatureScheme.rsa_pss_pss_sha512, { keyTypes: ["rsa-pss"], hash: "SHA512", pss: true }],
]);

/** How strictly a scheme's name is read. */
export interface VerifyOptions {
  /** In TLS 1.2 an ECDSA scheme fixes the hash only, not the curve (RFC 8446, Section 4.2.3). False by default. */
  readonly anyCurve?: boolean;
}

/**
 * Whether a signature is the key's over the message under a TLS signature scheme. False for a scheme that is unknown
 * (SHA-1 ones are) or does not fit the key; never throws for what a signature contains.
 *
 * @param subjectPublicKeyInfo DER
 * @param message what was signed, not its hash
 * @param signature as on the wire: DER for ECDSA, a number of modulus length for RSA, 64 bytes for Ed25519
 * @throws {CertificateError} when the key itself cannot be read
 */
export function verifySignature(
  subjectPublicKeyInfo: Uint8Array,
  scheme: SignatureSchemeNumber,
  message: Uint8Array,
  signature: Uint8Array,
  options: VerifyOptions = {},
): boolean {
  using key = readPublicKey(subjectPublicKeyInfo);
  const facts = schemes.get(scheme);
  if (facts === undefined) return false;
  const { keyType } = describeKey(key.address);
  const ecdsa = (kind: KeyType) => anyEcdsa.some((one) => one === kind);
  const fits = facts.keyTypes.includes(keyType) ||
    options.anyCurve === true && ecdsa(keyType) && facts.keyTypes.some(ecdsa);
  return fits && verifyWith(key.address, facts, message, signature);
}

function readPublicKey(subjectPublicKeyInfo: Uint8Array): KeyHandle {
  const start = addressOf(subjectPublicKeyInfo);
  const cursor = new BigUint64Array([start]);
  const key = libcrypto().d2i_PUBKEY(0, cursor, subjectPublicKeyInfo.length);
  if (key === 0n) {
    drainErrorQueue();
    throw new CertificateError("its public key is not well-formed");
  }
  const handle = new KeyHandle(Number(key));
  if (cursor[0] === start + BigInt(subjectPublicKeyInfo.length)) return handle;
  handle[Symbol.dispose]();
  throw new CertificateError("bytes follow its public key");
}

const RSA_PKCS1_PSS_PADDING = 6;
const RSA_PSS_SALTLEN_DIGEST = -1;
const hashNames = { SHA256: cString("SHA256"), SHA384: cString("SHA384"), SHA512: cString("SHA512") };

function verifyWith(
  key: number,
  facts: SchemeFacts,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  const symbols = libcrypto();
  const context = mustExist(symbols.EVP_MD_CTX_new(), "make a verification context");
  try {
    const keyContext = new BigUint64Array(1);
    const hash = facts.hash === null ? null : hashNames[facts.hash];
    const started = symbols.EVP_DigestVerifyInit_ex(context, keyContext, hash, 0, null, key, null);
    if (started !== 1) return rejected(); // e.g. an id-RSASSA-PSS key restricted to an other hash
    if (facts.pss === true) {
      const padded = symbols.EVP_PKEY_CTX_set_rsa_padding(keyContext[0]!, RSA_PKCS1_PSS_PADDING);
      if (padded <= 0) return rejected();
      const salted = symbols.EVP_PKEY_CTX_set_rsa_pss_saltlen(keyContext[0]!, RSA_PSS_SALTLEN_DIGEST);
      if (salted <= 0) return rejected();
    }
    const result = symbols.EVP_DigestVerify(context, signature, signature.length, message, message.length);
    return result === 1 || rejected();
  } finally {
    symbols.EVP_MD_CTX_free(context);
  }
}

/** Empties the error queue: a bad signature leaves an entry. */
function rejected(): false {
  drainErrorQueue();
  return false;
}
