import { HoldfastError } from "../shared/errors.ts";
import { parseCertificate } from "../shared/libcrypto/x509.ts";

/** Who is at the other end of a connection. */
export interface EdgeIdentity {
  /** The URI that permissions name. */
  readonly name: string;
  /** When the certificate ends, as Date.now() counts; undefined on a unix socket. */
  readonly notAfter: number | undefined;
  /** When it began; absent on a unix socket. */
  readonly notBefore?: number;
}

/** A peer that cannot be told who it is. Code `edge-identity`. */
export class EdgeIdentityError extends HoldfastError {
  constructor(reason: string, options?: ErrorOptions) {
    super("edge-identity", `Cannot tell which edge this is: ${reason}`, options);
  }
}

/**
 * The identity in an edge's certificate, which TLS has verified: the one URI in its subjectAltName, read from the DER
 * itself (a text that joins names with commas could be fooled by a comma in one). Throws EdgeIdentityError.
 */
export function identityOfCertificate(certificate: Uint8Array): EdgeIdentity {
  let parsed;
  try {
    parsed = parseCertificate(certificate);
  } catch (cause) {
    throw new EdgeIdentityError("its certificate cannot be read", { cause });
  }
  const [name, ...others] = parsed.uris;
  if (name === undefined) throw new EdgeIdentityError("its certificate has no URI in subjectAltName");
  if (others.length > 0) throw new EdgeIdentityError("its certificate has several URIs in subjectAltName");
  return { name, notAfter: parsed.notAfter.getTime(), notBefore: parsed.notBefore.getTime() };
}

/** Whether the identity still holds: asked at each request, as a channel outlives the handshake that checked it. */
export function isCurrent(identity: EdgeIdentity, now = Date.now()): boolean {
  return identity.notAfter === undefined || now < identity.notAfter;
}
