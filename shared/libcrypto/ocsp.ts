import { asn1StringBytes, asn1Time } from "./asn1.ts";
import { addressOf, libcrypto } from "./bindings.ts";
import { fetchDigest } from "./digest.ts";
import { CertificateError, OcspError } from "./errors.ts";
import { drainErrorQueue, mustExist, mustSucceed } from "./failure.ts";
import { CertificateHandle } from "./x509.ts";

/** What a responder says of one certificate (RFC 6960, Section 4.2.1). */
export interface CertificateStatus {
  readonly status: "good" | "revoked" | "unknown";
  readonly thisUpdate: Date;
  /** Undefined: newer words can be had at any time, so that nobody can tell how long these hold. */
  readonly nextUpdate: Date | undefined;
}

/**
 * What an OCSPResponse says of the chain's leaf. libcrypto parses it; the certificate must be named by its serial number
 * and its issuer's name. Where the chain goes on to the issuer, the signature must be the issuer's or its delegate's
 * (RFC 6960, Section 4.2.2.2). Whether it is current is the caller's to judge.
 *
 * @param der exactly one OCSPResponse; public and bounded by the caller
 * @param chain DER, leaf first
 * @throws {OcspError} when it is malformed, no success, not about this certificate, or not signed by whom it should be
 * @throws {CertificateError} when the chain is malformed
 */
export function readOcspResponse(der: Uint8Array, chain: readonly Uint8Array[]): CertificateStatus {
  using cleanup = new DisposableStack();
  const [leaf, ...issuers] = chain.map((certificate) => cleanup.use(new CertificateHandle(certificate)));
  if (leaf === undefined) throw new CertificateError("the chain is empty");
  const basic = cleanup.adopt(basicResponse(der), (address) => libcrypto().OCSP_BASICRESP_free(address));
  const single = singleResponse(basic, leaf.address);
  if (single === undefined) throw new OcspError("it is about another certificate");
  if (issuers.length > 0) verifySignature(basic, issuers);
  return statusOf(single);
}

/** RFC 6960, Section 4.2.1: OCSPResponseStatus. */
const responseStatuses: Readonly<Record<number, string>> = {
  1: "malformedRequest",
  2: "internalError",
  3: "tryLater",
  5: "sigRequired",
  6: "unauthorized",
};

/** The BasicOCSPResponse within; the caller frees it. */
function basicResponse(der: Uint8Array): number {
  const symbols = libcrypto();
  const start = addressOf(der);
  const cursor = new BigUint64Array([start]);
  const response = symbols.d2i_OCSP_RESPONSE(0, cursor, der.length);
  if (response === 0n) throw unusable("it is not a DER OCSPResponse");
  try {
    if (cursor[0] !== start + BigInt(der.length)) throw unusable("bytes follow its end");
    const status = symbols.OCSP_response_status(response);
    if (status !== 0) {
      throw unusable(`the responder did not succeed: ${responseStatuses[status] ?? `status ${status}`}`);
    }
    const basic = symbols.OCSP_response_get1_basic(response);
    if (basic === 0n) throw unusable("it holds no well-formed BasicOCSPResponse");
    return Number(basic);
  } finally {
    symbols.OCSP_RESPONSE_free(response);
  }
}

function singleResponse(basic: number, x509: number): bigint | undefined {
  const { OCSP_resp_count, OCSP_resp_get0 } = libcrypto();
  const count = OCSP_resp_count(basic);
  for (let index = 0; index < count; index++) {
    const single = OCSP_resp_get0(basic, index);
    if (isAbout(single, x509)) return single;
  }
  return undefined;
}

/** Digests of a CertID by OpenSSL's NID. */
const certIdDigests = {
  64: { name: "sha1", length: 20 },
  672: { name: "sha256", length: 32 },
  673: { name: "sha384", length: 48 },
  674: { name: "sha512", length: 64 },
} as const;

/** RFC 6960, Section 4.1.1: CertID. */
function isAbout(single: bigint, x509: number): boolean {
  const symbols = libcrypto();
  const [nameHash, algorithm, serial] = [1, 2, 3].map(() => new BigUint64Array(1)) as [
    BigUint64Array<ArrayBuffer>,
    BigUint64Array<ArrayBuffer>,
    BigUint64Array<ArrayBuffer>,
  ];
  const id = symbols.OCSP_SINGLERESP_get0_id(single);
  mustSucceed(symbols.OCSP_id_get0_info(nameHash, algorithm, null, serial, id), "read a CertID");
  if (symbols.ASN1_INTEGER_cmp(serial[0]!, symbols.X509_get0_serialNumber(x509)) !== 0) return false;
  const digest = certIdDigests[symbols.OBJ_obj2nid(algorithm[0]!) as keyof typeof certIdDigests];
  if (digest === undefined) return false;
  const expected = new Uint8Array(digest.length);
  const issuer = symbols.X509_get_issuer_name(x509);
  mustSucceed(symbols.X509_NAME_digest(issuer, fetchDigest(digest.name), expected, null), "digest a name");
  const told = asn1StringBytes(nameHash[0]!);
  return told.length === expected.length && told.every((byte, index) => byte === expected[index]);
}

const V_FLAG_PARTIAL_CHAIN = 0x80000;

/** RFC 6960, Section 4.2.2.2: by the issuer, or by whom it certified for id-kp-OCSPSigning. */
function verifySignature(basic: number, issuers: readonly CertificateHandle[]): void {
  const symbols = libcrypto();
  const intent = "prepare the verification of an OCSP response";
  const store = mustExist(symbols.X509_STORE_new(), intent);
  const certificates = mustExist(symbols.OPENSSL_sk_new_null(), intent);
  try {
    symbols.X509_STORE_set_flags(store, V_FLAG_PARTIAL_CHAIN);
    for (const { address } of issuers) {
      mustSucceed(symbols.X509_STORE_add_cert(store, address), intent);
      symbols.OPENSSL_sk_push(certificates, address);
    }
    if (symbols.OCSP_basic_verify(basic, certificates, store, 0) !== 1) {
      throw unusable("the certificate's issuer did not sign it, nor did a responder that the issuer names");
    }
  } finally {
    symbols.OPENSSL_sk_free(certificates);
    symbols.X509_STORE_free(store);
    drainErrorQueue();
  }
}

const statuses = ["good", "revoked", "unknown"] as const;

function statusOf(single: bigint): CertificateStatus {
  const [thisUpdate, nextUpdate] = [new BigUint64Array(1), new BigUint64Array(1)];
  const status = statuses[libcrypto().OCSP_single_get0_status(single, null, null, thisUpdate, nextUpdate)];
  if (status === undefined) throw unusable("its certificate status is none that is known");
  const [from, until] = [thisUpdate[0]!, nextUpdate[0]!].map((time) =>
    time === 0n ? undefined : dateOf(time)
  );
  if (from === undefined) throw unusable("it has no thisUpdate");
  return { status, thisUpdate: from, nextUpdate: until };
}

function dateOf(time: bigint): Date {
  try {
    return asn1Time(time);
  } catch (error) {
    if (error instanceof CertificateError) throw unusable("a time in it is not well-formed");
    throw error;
  }
}

function unusable(reason: string): OcspError {
  drainErrorQueue();
  return new OcspError(reason);
}
