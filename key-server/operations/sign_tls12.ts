import { ECDH } from "node:crypto";
import { concatenate } from "../../shared/codec/concatenate.ts";
import { KeylessError } from "../../shared/keyless_protocol/errors.ts";
import type { SignTls12Request } from "../../shared/keyless_protocol/operations.ts";
import { tls12SignatureSchemes } from "../../shared/signature_schemes.ts";
import { NamedGroup } from "../../shared/tls_constants.ts";
import { encodeServerEcdhParams } from "../../shared/tls_messages/server_key_exchange.ts";

const allowedSchemes = new Set(Object.values(tls12SignatureSchemes).flat());

/** RFC 8422, Section 5.4.1: the points are uncompressed; OpenSSL's names of the curves they must be on. */
const curves = new Map<number, { pointLength: number; curve: string | undefined }>([
  [NamedGroup.secp256r1, { pointLength: 65, curve: "prime256v1" }],
  [NamedGroup.secp384r1, { pointLength: 97, curve: "secp384r1" }],
  [NamedGroup.x25519, { pointLength: 32, curve: undefined }],
]);

/**
 * The content of a TLS 1.2 ServerKeyExchange's signature: client_random, server_random, ServerECDHParams (RFC 8422,
 * Section 5.4). Throws KeylessError bad-request for what no TLS server would send.
 */
export function signTls12Content(request: SignTls12Request): Uint8Array {
  if (!allowedSchemes.has(request.signatureScheme)) {
    throw new KeylessError("bad-request", "TLS 1.2 is not signed with this signature scheme here");
  }
  const { clientRandom, serverRandom, namedCurve, publicKey } = request;
  if (!isPublicKey(namedCurve, publicKey)) {
    throw new KeylessError("bad-request", "the ECDHE parameters are no public key of a supported curve");
  }
  return concatenate([clientRandom, serverRandom, encodeServerEcdhParams({ namedCurve, publicKey })]);
}

function isPublicKey(namedCurve: number, point: Uint8Array): boolean {
  const group = curves.get(namedCurve);
  if (group === undefined || point.length !== group.pointLength) return false;
  return group.curve === undefined || (point[0] === 4 && isOnCurve(point, group.curve));
}

function isOnCurve(point: Uint8Array, curve: string): boolean {
  try {
    ECDH.convertKey(point, curve, undefined, undefined, "uncompressed");
    return true;
  } catch {
    return false;
  }
}
