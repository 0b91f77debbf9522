import { ClientCertificateType } from "../../../shared/tls_constants.ts";
import { encodeCertificateRequest } from "../../../shared/tls_messages/certificate_request.ts";
import { encodeCertificateRequestTls12 } from "../../../shared/tls_messages/certificate_request_tls12.ts";
import { encodeExtension, type Extension } from "../../../shared/tls_messages/extensions/extension.ts";
import { extensionTypes } from "../../../shared/tls_messages/extensions/extension_block.ts";
import { extensionMatrix } from "../../../shared/tls_messages/extensions/matrix.ts";
import { isRsaScheme } from "./peer_signature.ts";
import { type ClientCertificatePolicy, offeredSchemes } from "./policy.ts";

/** RFC 8446, Section 4.3.2 */
export function tls13CertificateRequest(policy: ClientCertificatePolicy): Uint8Array {
  return encodeCertificateRequest({
    certificateRequestContext: new Uint8Array(0),
    extensions: requestExtensions(policy),
  });
}

/** The extensions that a client's certificates may answer: none of ours has an answer, so any is refused. */
export function offeredExtensions(policy: ClientCertificatePolicy): ReadonlySet<number> {
  return extensionTypes(requestExtensions(policy));
}

function requestExtensions(policy: ClientCertificatePolicy): Extension[] {
  const { signatureAlgorithms, certificateAuthorities } = extensionMatrix;
  const { authorities = [] } = policy;
  const extensions = [encodeExtension(signatureAlgorithms.CertificateRequest, offeredSchemes(policy))];
  // RFC 8446, Section 4.2.4: the list must not be empty.
  if (authorities.length > 0) {
    extensions.push(encodeExtension(certificateAuthorities.CertificateRequest, authorities));
  }
  return extensions;
}

/** RFC 5246, Section 7.4.4. Ed25519 counts as ECDSA (RFC 8422, Section 5.5). */
export function tls12CertificateRequest(policy: ClientCertificatePolicy): Uint8Array {
  const schemes = offeredSchemes(policy);
  const { rsa_sign, ecdsa_sign } = ClientCertificateType;
  const certificateTypes: number[] = [];
  if (schemes.some(isRsaScheme)) certificateTypes.push(rsa_sign);
  if (!schemes.every(isRsaScheme)) certificateTypes.push(ecdsa_sign);
  return encodeCertificateRequestTls12({
    certificateTypes,
    supportedSignatureAlgorithms: schemes,
    certificateAuthorities: policy.authorities ?? [],
  });
}
