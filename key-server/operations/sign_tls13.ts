import { KeylessError } from "../../shared/keyless_protocol/errors.ts";
import type { SignTls13Request } from "../../shared/keyless_protocol/operations.ts";
import { type ServerKeyType, tls13SignatureSchemes } from "../../shared/signature_schemes.ts";
import { transcriptHashOfMessages } from "./strict.ts";

/** 64 blanks, the context string, a zero byte (RFC 8446, Section 4.4.3). */
const serverPrefix = new TextEncoder().encode(`${" ".repeat(64)}TLS 1.3, server CertificateVerify\0`);

/** RFC 8446, Section 4.4.3: what a server's CertificateVerify signs. */
export function certificateVerifyContent(transcriptHash: Uint8Array): Uint8Array {
  const content = new Uint8Array(serverPrefix.length + transcriptHash.length);
  content.set(serverPrefix);
  content.set(transcriptHash, serverPrefix.length);
  return content;
}

/**
 * The content to sign for a request, of either form; in `strict` the messages are checked against the request.
 * Throws KeylessError bad-request.
 */
export function signTls13Content(request: SignTls13Request, keyType: ServerKeyType): Uint8Array {
  if (!tls13SignatureSchemes[keyType].includes(request.signatureScheme)) {
    throw new KeylessError("bad-request", "in TLS 1.3 the key does not sign with this signature scheme");
  }
  const { transcript } = request;
  const transcriptHash = transcript.form === "hash"
    ? transcript.transcriptHash
    : transcriptHashOfMessages(transcript.handshakeMessages, request);
  return certificateVerifyContent(transcriptHash);
}
