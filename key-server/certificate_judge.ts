import { ChainVerifier } from "../shared/libcrypto/x509_verify.ts";
import { pemToDer } from "../shared/libcrypto/x509.ts";
import type { ConnectionRefusal } from "./server_metrics.ts";

/** Why a peer is refused: for counters, and in words. */
export interface Judgement {
  readonly why: ConnectionRefusal;
  readonly reason: string;
}

/** Says what is wrong with a certificate that TLS did not take, which tells nobody why. It never lets one in. */
export class CertificateJudge {
  readonly #authorities: readonly Uint8Array[];

  /** In PEM. */
  constructor(authorities: string) {
    this.#authorities = pemToDer(authorities);
  }

  /** `certificate` in DER; undefined: the peer showed none. */
  reasonAgainst(certificate: Uint8Array | undefined): Judgement {
    if (certificate === undefined) return { why: "no-certificate", reason: "the peer showed no certificate" };
    using verifier = new ChainVerifier({ authorities: this.#authorities, purpose: "client" });
    const verdict = verifier.verify([certificate]);
    if (verdict.valid) return { why: "certificate-invalid", reason: "the peer's chain was not taken" };
    return {
      why: `certificate-${verdict.failure}`,
      reason: `the peer's certificate was refused: ${verdict.reason}`,
    };
  }
}
