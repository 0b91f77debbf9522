import type { AuthenticatedPeer } from "./peer.ts";
import { type ClientCertificatePolicy, policyDigest } from "./policy.ts";

/**
 * What a session says of its client's authentication. It resumes only where the very same would be asked for, and only
 * while the chain would still be accepted: a ticket must not open a door that the certificate would not.
 */
export interface SessionAuthentication {
  /** `policyDigest` of what the client was asked for. */
  readonly policy: Uint8Array;
  /** Absent when nobody asked, or the client had none. */
  readonly peer?: AuthenticatedPeer;
}

/** Bytes of a chain that a ticket carries at most: two of them fit into a ClientHello. */
const longestChain = 6 * 1024;

/** What a session of this policy remembers of its client. */
export function sessionAuthentication(
  policy: ClientCertificatePolicy | undefined,
  peer: AuthenticatedPeer | undefined,
): SessionAuthentication {
  return { policy: policyDigest(policy), ...(peer === undefined ? {} : { peer }) };
}

/** Whether it makes sense to keep a session: a chain that is too long, or that nobody can judge again, is not kept. */
export function mayBeKept(
  policy: ClientCertificatePolicy | undefined,
  peer: AuthenticatedPeer | undefined,
): boolean {
  if (peer === undefined) return true;
  const length = peer.chain.reduce((sum, certificate) => sum + certificate.length, 0);
  return length <= longestChain && policy?.stillHolds !== undefined;
}

/** Whether a session may resume under a site's policy. */
export function holdsUnder(
  policy: ClientCertificatePolicy | undefined,
  { policy: askedFor, peer }: SessionAuthentication,
): boolean {
  const asks = policyDigest(policy);
  if (asks.length !== askedFor.length || asks.some((byte, at) => byte !== askedFor[at])) return false;
  if (peer === undefined) return policy?.mode !== "required";
  return policy?.stillHolds?.(peer.chain) === true;
}
