import { asn1StringBytes, asn1Time, printed } from "./asn1.ts";
import { addressOf, cString, libcrypto } from "./bindings.ts";
import { fetchDigest } from "./digest.ts";
import { CertificateError } from "./errors.ts";
import { drainErrorQueue, mustSucceed } from "./failure.ts";
import { groupName } from "./public_key.ts";

/** Kinds of certificate keys. "rsa" is rsaEncryption, "rsa-pss" is id-RSASSA-PSS. */
export type KeyType = "rsa" | "rsa-pss" | "ecdsa-p256" | "ecdsa-p384" | "ecdsa-p521" | "ed25519";

/** What Holdfast reads of a certificate. Nothing in it has been verified. */
export interface ParsedCertificate {
  /** DER of the SubjectPublicKeyInfo. */
  readonly subjectPublicKeyInfo: Uint8Array<ArrayBuffer>;
  /** SHA-1 of the subjectPublicKey bits (RFC 5280, Section 4.2.1.2 (1)): computed, never read from the extension. */
  readonly subjectKeyIdentifier: Uint8Array<ArrayBuffer>;
  readonly keyType: KeyType;
  readonly keyBits: number;
  /** Names of the subjectAltName extension, in their order, as written. */
  readonly dnsNames: string[];
  readonly uris: string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** The distinguished name as of RFC 2253. */
  readonly subject: string;
  /** DER of the issuer's distinguished name. */
  readonly issuer: Uint8Array<ArrayBuffer>;
  /** Whether the key may sign: a keyUsage extension either says digitalSignature or is absent (RFC 5280, Section 4.2.1.3). */
  readonly mayDigitallySign: boolean;
  /** Lower-case hexadecimal, without leading zeros. */
  readonly serialNumber: string;
}

/**
 * Reads a certificate.
 *
 * @param der exactly one certificate
 * @throws {CertificateError} when it is malformed, has bytes after its end, or a key of a kind that TLS here never uses
 */
export function parseCertificate(der: Uint8Array): ParsedCertificate {
  using certificate = new CertificateHandle(der);
  const x509 = certificate.address;
  const symbols = libcrypto();
  const key = symbols.X509_get0_pubkey(x509);
  if (key === 0n) throw malformed("its public key cannot be read");
  const names = subjectAlternativeNames(x509);
  return {
    subjectPublicKeyInfo: publicKeyInfo(x509),
    subjectKeyIdentifier: keyIdentifier(x509),
    ...describeKey(Number(key)),
    ...names,
    notBefore: asn1Time(symbols.X509_get0_notBefore(x509)),
    notAfter: asn1Time(symbols.X509_get0_notAfter(x509)),
    subject: distinguishedName(symbols.X509_get_subject_name(x509)),
    issuer: encodeName(symbols.X509_get_issuer_name(x509)),
    mayDigitallySign: (symbols.X509_get_key_usage(x509) & KU_DIGITAL_SIGNATURE) !== 0,
    serialNumber: hexadecimal(asn1StringBytes(symbols.X509_get0_serialNumber(x509))),
  };
}

/** The DER of every certificate in PEM text, in order; other PEM blocks are skipped. */
export function pemToDer(pem: string): Uint8Array<ArrayBuffer>[] {
  const blocks = pem.matchAll(/-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----/g);
  return Array.from(blocks, ([, base64]) => {
    try {
      return Uint8Array.from(atob(base64!.replace(/\s+/g, "")), (character) => character.charCodeAt(0));
    } catch {
      throw new CertificateError("a PEM block is not base64");
    }
  });
}

/** One certificate in PEM (RFC 7468). */
export function derToPem(der: Uint8Array): string {
  const lines = der.toBase64().match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}

/** The issuer's distinguished name as of RFC 2253. Throws CertificateError. */
export function issuerText(der: Uint8Array): string {
  using certificate = new CertificateHandle(der);
  return distinguishedName(libcrypto().X509_get_issuer_name(certificate.address));
}

/** An X509 object that is freed when disposed. For this folder only. */
export class CertificateHandle implements Disposable {
  readonly address: number;

  constructor(der: Uint8Array) {
    const start = addressOf(der);
    const cursor = new BigUint64Array([start]);
    this.address = Number(libcrypto().d2i_X509(0, cursor, der.length));
    if (this.address === 0) throw malformed("it is not well-formed DER");
    if (cursor[0] !== start + BigInt(der.length)) {
      libcrypto().X509_free(this.address);
      throw malformed("bytes follow its end");
    }
  }

  [Symbol.dispose](): void {
    libcrypto().X509_free(this.address);
  }
}

function malformed(reason: string): CertificateError {
  drainErrorQueue();
  return new CertificateError(reason);
}

function publicKeyInfo(x509: number): Uint8Array<ArrayBuffer> {
  const info = libcrypto().X509_get_X509_PUBKEY(x509);
  const length = libcrypto().i2d_X509_PUBKEY(info, null);
  if (length <= 0) throw malformed("its public key cannot be written");
  const output = new Uint8Array(length);
  libcrypto().i2d_X509_PUBKEY(info, new BigUint64Array([addressOf(output)]));
  return output;
}

function keyIdentifier(x509: number): Uint8Array<ArrayBuffer> {
  const identifier = new Uint8Array(20);
  mustSucceed(
    libcrypto().X509_pubkey_digest(x509, fetchDigest("sha1"), identifier, null),
    "compute a key identifier",
  );
  return identifier;
}

const curves: Readonly<Record<string, KeyType>> = {
  "prime256v1": "ecdsa-p256",
  "secp384r1": "ecdsa-p384",
  "secp521r1": "ecdsa-p521",
};

const keyTypeNames = {
  rsa: cString("RSA"),
  rsaPss: cString("RSA-PSS"),
  ed25519: cString("ED25519"),
  ec: cString("EC"),
};

/** Kind and size of an EVP_PKEY. For this folder only. */
export function describeKey(key: number): { keyType: KeyType; keyBits: number } {
  const { EVP_PKEY_is_a, EVP_PKEY_get_bits } = libcrypto();
  const is = (name: Uint8Array) => EVP_PKEY_is_a(key, name) === 1;
  const keyBits = EVP_PKEY_get_bits(key);
  if (is(keyTypeNames.rsa)) return { keyType: "rsa", keyBits };
  if (is(keyTypeNames.rsaPss)) return { keyType: "rsa-pss", keyBits };
  if (is(keyTypeNames.ed25519)) return { keyType: "ed25519", keyBits };
  const keyType = is(keyTypeNames.ec) ? curves[groupName(key) ?? ""] : undefined;
  if (keyType === undefined) throw malformed("its key is of a kind that is not supported");
  return { keyType, keyBits };
}

const NID_subject_alt_name = 85;
const GEN_DNS = 2;
const GEN_URI = 6;

function subjectAlternativeNames(x509: number): { dnsNames: string[]; uris: string[] } {
  const symbols = libcrypto();
  const critical = new Int32Array(1);
  const names = symbols.X509_get_ext_d2i(x509, NID_subject_alt_name, critical, null);
  const found = { dnsNames: [] as string[], uris: [] as string[] };
  if (names === 0n) {
    // -1 says that there is none; everything else that it cannot be read or is there twice.
    if (critical[0] !== -1) throw malformed("its subjectAltName cannot be read");
    return found;
  }
  try {
    const count = symbols.OPENSSL_sk_num(names);
    for (let index = 0; index < count; index++) {
      const kind = new Int32Array(1);
      const value = symbols.GENERAL_NAME_get0_value(symbols.OPENSSL_sk_value(names, index), kind);
      if (kind[0] === GEN_DNS) found.dnsNames.push(ia5String(value));
      if (kind[0] === GEN_URI) found.uris.push(ia5String(value));
    }
    return found;
  } finally {
    symbols.GENERAL_NAMES_free(names);
  }
}

/** An IA5String: 7-bit characters. Control characters, NUL first of all, have no place in a name. */
function ia5String(value: bigint): string {
  const text = String.fromCharCode(...asn1StringBytes(value));
  if (!/^[\x20-\x7e]*$/.test(text)) throw malformed("a name in its subjectAltName has a forbidden character");
  return text;
}

/** X509_get_key_usage says "all" where the extension is absent. */
const KU_DIGITAL_SIGNATURE = 0x80;

/** DER of an X509_NAME. For this folder only. */
export function encodeName(name: bigint): Uint8Array<ArrayBuffer> {
  const { i2d_X509_NAME } = libcrypto();
  const output = new Uint8Array(Math.max(i2d_X509_NAME(name, null), 0));
  if (output.length === 0) throw malformed("a distinguished name in it cannot be written");
  i2d_X509_NAME(name, new BigUint64Array([addressOf(output)]));
  return output;
}

const XN_FLAG_RFC2253 = 0x1110317;
const ASN1_STRFLGS_ESC_MSB = 4;

function distinguishedName(name: bigint): string {
  const flags = XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB;
  return printed((bio) => libcrypto().X509_NAME_print_ex(bio, name, 0, flags));
}

function hexadecimal(bytes: Uint8Array): string {
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^0+(?=.)/, "");
}
