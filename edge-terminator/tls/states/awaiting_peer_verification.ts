import { InternalFailure } from "../../../shared/tls_messages/errors.ts";
import type { PeerCertificate } from "../client_certificates/peer_certificate.ts";
import { type PeerVerdict, refusal } from "../client_certificates/peer_verdict.ts";
import type { Connection } from "../connection.ts";
import type { AwaitingCertificateVerify } from "./awaiting_certificate_verify.ts";
import type { AfterClientCertificate } from "./awaiting_tls12_client_certificate.ts";

/** The client's certificate is here; whoever knows the authorities says whether to trust it, and when. Both versions. */
export interface AwaitingPeerVerification {
  readonly name: "awaiting-peer-verification";
  /** What follows if it is accepted. */
  readonly next: AwaitingCertificateVerify | AfterClientCertificate;
}

/** Asks the owner of the engine whether the client's chain is to be trusted. */
export function requestPeerVerification(
  connection: Connection,
  serverName: string | undefined,
  { chain }: PeerCertificate,
  next: AwaitingPeerVerification["next"],
): AwaitingPeerVerification {
  const name = serverName === undefined ? {} : { serverName };
  connection.emit({ type: "verification-needed", request: { chain, ...name } });
  return { name: "awaiting-peer-verification", next };
}

/** An Error says that nobody could tell, which is our fault: internal_error. */
export function receivePeerVerdict(
  { next }: AwaitingPeerVerification,
  verdict: PeerVerdict | Error,
): AwaitingPeerVerification["next"] {
  if (verdict instanceof Error) {
    throw new InternalFailure("Cannot go on: the client's certificate could not be verified", {
      cause: verdict,
    });
  }
  if (!verdict.accepted) throw refusal(verdict);
  return next;
}
