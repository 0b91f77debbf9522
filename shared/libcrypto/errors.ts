import { HoldfastError } from "../errors.ts";

/** libcrypto 3 is not installed, or lacks a function that Holdfast calls. */
export class LibcryptoUnavailableError extends HoldfastError {
  constructor(cause: unknown) {
    super(
      "libcrypto-unavailable",
      "Cannot open libcrypto.so.3: OpenSSL 3.0 or later is needed (Debian package libssl3)",
      { cause },
    );
  }
}

/** A call into libcrypto failed for a reason no input explains; `detail` is OpenSSL's own words. */
export class LibcryptoError extends HoldfastError {
  constructor(intent: string, detail: string) {
    super("libcrypto-call-failed", `Cannot ${intent}: ${detail}`);
  }
}

/** The peer's public key is malformed, off its curve, or leads to a degenerate shared secret. */
export class KeyAgreementError extends HoldfastError {
  constructor(group: string, reason: string) {
    super("key-agreement", `Cannot agree on a key over ${group}: ${reason}`);
  }
}

/** An AEAD was keyed while its one context is still keyed for another batch. */
export class AeadBusyError extends HoldfastError {
  constructor(name: string) {
    super("aead-busy", `Cannot key ${name}: another batch holds the context`);
  }
}

/** Bytes do not have the length that the operation takes; `what` names them. */
export class LengthError extends HoldfastError {
  constructor(intent: string, what: string, length: number, expected: string) {
    super("length", `Cannot ${intent}: ${what} has ${length} bytes, not ${expected}`);
  }
}

/** OpenSSL's secure heap cannot be opened, or not locked. */
export class SecureHeapError extends HoldfastError {
  constructor(reason: string) {
    super("secure-heap", `Cannot open OpenSSL's secure heap: ${reason}`);
  }
}

/** A certificate or public key cannot be parsed, or is of a kind Holdfast does not serve. */
export class CertificateError extends HoldfastError {
  constructor(reason: string) {
    super("certificate", `Cannot parse a certificate: ${reason}`);
  }
}

/** An OCSP response cannot be used for a certificate; `reason` is the message without what it is about. */
export class OcspError extends HoldfastError {
  readonly reason: string;

  constructor(reason: string) {
    super("ocsp", `Cannot use an OCSP response: ${reason}`);
    this.reason = reason;
  }
}

/** An HPKE message cannot be opened. */
export class HpkeError extends HoldfastError {
  constructor(reason: string) {
    super("hpke", `Cannot open an HPKE message: ${reason}`);
  }
}
