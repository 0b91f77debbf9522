import { addressOf, cString, libcrypto } from "./bindings.ts";
import { CertificateError } from "./errors.ts";
import { drainErrorQueue, mustExist, mustSucceed } from "./failure.ts";
import { CertificateHandle, encodeName } from "./x509.ts";

/** Why a chain is refused, in the classes that TLS alerts tell apart (RFC 8446, Section 6.2). */
export type ChainFailure =
  | "unknown-authority"
  | "expired"
  | "not-yet-valid"
  | "revoked"
  | "revocation-unknown"
  | "wrong-purpose"
  | "bad-signature"
  | "weak"
  | "malformed"
  | "invalid";

/** What path validation found. `depth` counts from the leaf, which is 0; `reason` is OpenSSL's own words. */
export type ChainVerdict =
  | { readonly valid: true }
  | {
    readonly valid: false;
    readonly failure: ChainFailure;
    readonly depth: number;
    readonly reason: string;
  };

/** Whom to trust, and for what. */
export interface ChainVerifierOptions {
  /** Trust anchors, DER. An intermediate is an anchor too. */
  readonly authorities: readonly Uint8Array[];
  /** CRLs, DER. With at least one, every authority in a chain must have a current one here. */
  readonly revocationLists?: readonly Uint8Array[];
  /** What the leaf must be fit for: its extended key usage is checked. */
  readonly purpose: "client" | "server";
  /** Intermediates allowed between the leaf and its anchor; 8 by default. */
  readonly depth?: number;
}

/**
 * Path validation (RFC 5280, Section 6) by libcrypto's verifier, against a fixed set of authorities and CRLs.
 *
 * Keys and signatures below 112 bits of security (RSA under 2048, SHA-1) are refused. Names are not looked at: that is
 * the caller's question. Dispose it; replace it to reload.
 */
export class ChainVerifier implements Disposable {
  /** DER of the authorities' names, for the certificate_authorities of a CertificateRequest. */
  readonly authorityNames: readonly Uint8Array<ArrayBuffer>[];
  readonly #purpose: "client" | "server";
  readonly #depth: number;
  readonly #flags: number;
  #store: number;

  /** @throws {CertificateError} when an authority or CRL is malformed */
  constructor({ authorities, revocationLists = [], purpose, depth = 8 }: ChainVerifierOptions) {
    this.#purpose = purpose;
    this.#depth = depth;
    this.#flags = V_FLAG_PARTIAL_CHAIN |
      (revocationLists.length > 0 ? V_FLAG_CRL_CHECK | V_FLAG_CRL_CHECK_ALL : 0);
    this.#store = mustExist(libcrypto().X509_STORE_new(), "make a certificate store");
    try {
      this.authorityNames = authorities.map((der) => addAuthority(this.#store, der));
      for (const der of revocationLists) addRevocationList(this.#store, der);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * @param chain DER, the leaf first; the others are tried as intermediates in any order
   * @param at when the chain is to be valid; now by default
   */
  verify(chain: readonly Uint8Array[], at: Date = new Date()): ChainVerdict {
    if (this.#store === 0) throw new TypeError("Cannot verify a chain: the verifier has been disposed");
    using cleanup = new DisposableStack();
    try {
      const [leaf, ...others] = chain.map((der) => cleanup.use(new CertificateHandle(der)));
      if (leaf === undefined) return refused("malformed", 0, "the chain is empty");
      return this.#verify(leaf, others, at);
    } catch (error) {
      if (error instanceof CertificateError) return refused("malformed", 0, error.message);
      throw error;
    }
  }

  [Symbol.dispose](): void {
    if (this.#store !== 0) libcrypto().X509_STORE_free(this.#store);
    this.#store = 0;
  }

  #verify(leaf: CertificateHandle, others: CertificateHandle[], at: Date): ChainVerdict {
    const symbols = libcrypto();
    const intent = "prepare path validation";
    const untrusted = mustExist(symbols.OPENSSL_sk_new_null(), intent);
    const context = mustExist(symbols.X509_STORE_CTX_new(), intent);
    try {
      for (const { address } of others) symbols.OPENSSL_sk_push(untrusted, address);
      mustSucceed(symbols.X509_STORE_CTX_init(context, this.#store, leaf.address, untrusted), intent);
      mustSucceed(symbols.X509_STORE_CTX_set_default(context, purposeNames[this.#purpose]), intent);
      const parameters = symbols.X509_STORE_CTX_get0_param(context);
      symbols.X509_VERIFY_PARAM_set_flags(parameters, this.#flags);
      symbols.X509_VERIFY_PARAM_set_time(parameters, Math.floor(at.getTime() / 1000));
      symbols.X509_VERIFY_PARAM_set_depth(parameters, this.#depth);
      symbols.X509_VERIFY_PARAM_set_auth_level(parameters, bits112);
      if (symbols.X509_verify_cert(context) === 1) return { valid: true };
      return verdictOf(context);
    } finally {
      symbols.X509_STORE_CTX_free(context);
      symbols.OPENSSL_sk_free(untrusted);
    }
  }
}

const V_FLAG_CRL_CHECK = 0x4;
const V_FLAG_CRL_CHECK_ALL = 0x8;
const V_FLAG_PARTIAL_CHAIN = 0x80000;
const bits112 = 2;
const purposeNames = { client: cString("ssl_client"), server: cString("ssl_server") };

/** Values of X509_V_ERR_* (OpenSSL's manual page X509_STORE_CTX_get_error(3)); what is not here is "invalid". */
const failures: Readonly<Record<number, ChainFailure>> = {
  2: "unknown-authority", // UNABLE_TO_GET_ISSUER_CERT
  18: "unknown-authority", // DEPTH_ZERO_SELF_SIGNED_CERT
  19: "unknown-authority", // SELF_SIGNED_CERT_IN_CHAIN
  20: "unknown-authority", // UNABLE_TO_GET_ISSUER_CERT_LOCALLY
  21: "unknown-authority", // UNABLE_TO_VERIFY_LEAF_SIGNATURE
  9: "not-yet-valid",
  10: "expired",
  23: "revoked",
  3: "revocation-unknown", // UNABLE_TO_GET_CRL
  8: "revocation-unknown", // CRL_SIGNATURE_FAILURE
  11: "revocation-unknown", // CRL_NOT_YET_VALID
  12: "revocation-unknown", // CRL_HAS_EXPIRED
  33: "revocation-unknown", // UNABLE_TO_GET_CRL_ISSUER
  26: "wrong-purpose",
  28: "wrong-purpose", // CERT_REJECTED
  7: "bad-signature",
  66: "weak", // EE_KEY_TOO_SMALL
  67: "weak", // CA_KEY_TOO_SMALL
  68: "weak", // CA_MD_TOO_WEAK
};

function verdictOf(context: number): ChainVerdict {
  const symbols = libcrypto();
  const code = symbols.X509_STORE_CTX_get_error(context);
  const words = symbols.X509_verify_cert_error_string(code);
  drainErrorQueue();
  return refused(
    failures[code] ?? "invalid",
    symbols.X509_STORE_CTX_get_error_depth(context),
    words === null ? `error ${code}` : Deno.UnsafePointerView.getCString(words),
  );
}

function refused(failure: ChainFailure, depth: number, reason: string): ChainVerdict {
  return { valid: false, failure, depth, reason };
}

/** Adds a trust anchor and returns its name. */
function addAuthority(store: number, der: Uint8Array): Uint8Array<ArrayBuffer> {
  using certificate = new CertificateHandle(der);
  const symbols = libcrypto();
  mustSucceed(symbols.X509_STORE_add_cert(store, certificate.address), "trust an authority");
  return encodeName(symbols.X509_get_subject_name(certificate.address));
}

function addRevocationList(store: number, der: Uint8Array): void {
  const symbols = libcrypto();
  const start = addressOf(der);
  const cursor = new BigUint64Array([start]);
  const list = symbols.d2i_X509_CRL(0, cursor, der.length);
  if (list === 0n) {
    drainErrorQueue();
    throw new CertificateError("a revocation list is not well-formed DER");
  }
  try {
    if (cursor[0] !== start + BigInt(der.length)) {
      throw new CertificateError("bytes follow the end of a revocation list");
    }
    mustSucceed(symbols.X509_STORE_add_crl(store, list), "add a revocation list");
  } finally {
    symbols.X509_CRL_free(list);
  }
}
