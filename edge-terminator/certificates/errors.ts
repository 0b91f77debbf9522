import { HoldfastError } from "../../shared/errors.ts";

/** What is wrong with a certificate file. */
export type CertificateErrorCode =
  | "certificate-unreadable"
  | "certificate-malformed"
  | "certificate-chain-order"
  | "certificate-key-unsupported"
  | "private-key-on-edge";

/** A certificate file that the edge cannot serve. `reason` is the message without the file, for configuration errors. */
export class CertificateError extends HoldfastError {
  override readonly code: CertificateErrorCode;
  readonly file: string;
  readonly reason: string;

  constructor(code: CertificateErrorCode, file: string, reason: string, options?: ErrorOptions) {
    super(code, `Cannot use the certificate file ${file}: ${reason}`, options);
    this.code = code;
    this.file = file;
    this.reason = reason;
  }
}

/** Why a staple's file cannot be used. */
export type StapleFailure = "expired" | "absent" | "unusable";

/** A file whose OCSP response cannot be stapled. Code `ocsp-staple`. */
export class StapleError extends HoldfastError {
  readonly failure: StapleFailure;
  /** When the same file will do: its time has not come. Milliseconds of the Unix epoch; otherwise Infinity. */
  readonly usableFrom: number;

  constructor(
    failure: StapleFailure,
    file: string,
    reason: string,
    { usableFrom = Infinity, ...options }: ErrorOptions & { readonly usableFrom?: number } = {},
  ) {
    super("ocsp-staple", `Cannot staple the OCSP response ${file}: ${reason}`, options);
    this.failure = failure;
    this.usableFrom = usableFrom;
  }
}
