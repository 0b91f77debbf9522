import type { ChainFailure, ChainVerdict } from "../../../shared/libcrypto/x509_verify.ts";
import { AlertDescription } from "../../../shared/tls_constants.ts";
import { PeerMisbehaved } from "../../../shared/tls_messages/errors.ts";

/** What was found about a client's chain: who is refused is told why by the alert. */
export type PeerVerdict =
  | { readonly accepted: true }
  | {
    readonly accepted: false;
    readonly alert: AlertDescription;
    readonly why: string;
    /** Where path validation was the judge. */
    readonly failure?: ChainFailure;
  };

/** RFC 8446, Section 6.2 */
const alerts: Readonly<Record<ChainFailure, AlertDescription>> = {
  "unknown-authority": AlertDescription.unknown_ca,
  "expired": AlertDescription.certificate_expired,
  "not-yet-valid": AlertDescription.certificate_expired,
  "revoked": AlertDescription.certificate_revoked,
  "revocation-unknown": AlertDescription.certificate_unknown,
  "wrong-purpose": AlertDescription.unsupported_certificate,
  "bad-signature": AlertDescription.bad_certificate,
  "weak": AlertDescription.bad_certificate,
  "malformed": AlertDescription.bad_certificate,
  "invalid": AlertDescription.bad_certificate,
};

/** What path validation found, as a verdict. */
export function verdictOf(chain: ChainVerdict): PeerVerdict {
  if (chain.valid) return { accepted: true };
  const { failure, depth, reason } = chain;
  const why = `${failure} at depth ${depth}: ${reason}`;
  return { accepted: false, alert: alerts[failure], why, failure };
}

/** The error that ends a handshake whose client was not accepted; it carries the alert that the verdict names. */
export function refusal({ alert, why }: Extract<PeerVerdict, { accepted: false }>): PeerMisbehaved {
  return new PeerMisbehaved(`Cannot trust the client's certificate: ${why}`, {
    alert,
    reason: "CERTIFICATE_VERIFY_FAILED",
  });
}
