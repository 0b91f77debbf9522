import { createHash } from "node:crypto";
import { HoldfastError } from "../../shared/errors.ts";
import { KeylessError } from "../../shared/keyless_protocol/errors.ts";
import type { SignTls13Request } from "../../shared/keyless_protocol/operations.ts";
import { parseCertificate } from "../../shared/libcrypto/x509.ts";
import { CipherSuite, HandshakeType, ProtocolVersion } from "../../shared/tls_constants.ts";
import { type Certificate, decodeCertificate } from "../../shared/tls_messages/certificate.ts";
import { decodeCertificateRequest } from "../../shared/tls_messages/certificate_request.ts";
import { type ClientHello, decodeClientHello } from "../../shared/tls_messages/client_hello.ts";
import { decodeEncryptedExtensions } from "../../shared/tls_messages/encrypted_extensions.ts";
import { extensionTypes } from "../../shared/tls_messages/extensions/extension_block.ts";
import { type HandshakeMessage, splitHandshakeMessages } from "../../shared/tls_messages/handshake.ts";
import { decodeServerHello, type ServerHello } from "../../shared/tls_messages/server_hello.ts";
import { inflateCertificate } from "./inflate_certificate.ts";

/** What the messages are held against. */
export type Expected = Pick<SignTls13Request, "serverName" | "signatureScheme" | "subjectKeyIdentifier">;

const suiteHashes = new Map<number, "sha256" | "sha384">([
  [CipherSuite.TLS_AES_128_GCM_SHA256, "sha256"],
  [CipherSuite.TLS_AES_256_GCM_SHA384, "sha384"],
  [CipherSuite.TLS_CHACHA20_POLY1305_SHA256, "sha256"],
]);

function refuse(reason: string, cause?: unknown): KeylessError {
  return new KeylessError("bad-request", `strict: ${reason}`, { cause });
}

/**
 * Reads `ClientHello [HelloRetryRequest ClientHello] ServerHello EncryptedExtensions [CertificateRequest]
 * Certificate|CompressedCertificate`, checks that this is the handshake that the request says it is, and returns
 * the transcript's hash.
 *
 * Checked: the order of the messages; TLS 1.3; the SNI, in both ClientHellos; that the scheme was offered; that the
 * leaf certificate is of the request's key. Throws KeylessError bad-request.
 */
export function transcriptHashOfMessages(bytes: Uint8Array, expected: Expected): Uint8Array {
  try {
    return checkedHash(splitHandshakeMessages(bytes), expected);
  } catch (error) {
    if (error instanceof KeylessError || !(error instanceof HoldfastError)) throw error;
    throw refuse("a handshake message is malformed", error);
  }
}

function checkedHash(messages: readonly HandshakeMessage[], expected: Expected): Uint8Array {
  const queue = [...messages];
  const next = () => {
    const message = queue.shift();
    if (message === undefined) throw refuse("the messages end before the Certificate");
    return message;
  };
  const firstHello = readClientHello(next(), expected);
  let clientHello = firstHello;
  let serverHello = decodeServerHello(next(), extensionTypes(clientHello.extensions));
  const retry = serverHello.kind === "HelloRetryRequest" ? serverHello : undefined;
  if (retry !== undefined) {
    clientHello = readClientHello(next(), expected);
    serverHello = decodeServerHello(next(), extensionTypes(clientHello.extensions));
  }
  const hash = checkServerHello(serverHello, clientHello, retry);
  const offered = extensionTypes(clientHello.extensions);
  decodeEncryptedExtensions(next(), offered);
  let last = next();
  if (last.type === HandshakeType.certificate_request) {
    decodeCertificateRequest(last);
    last = next();
  }
  checkLeaf(readCertificate(last, clientHello), expected);
  if (queue.length > 0) throw refuse("messages follow the Certificate");
  return hashTranscript(hash, messages, retry === undefined ? undefined : firstHello);
}

function readClientHello(message: HandshakeMessage, expected: Expected): ClientHello {
  const hello = decodeClientHello(message);
  if (!(hello.known.supportedVersions?.includes(ProtocolVersion.TLSv1_3) ?? false)) {
    throw refuse("the ClientHello does not offer TLS 1.3");
  }
  if ((hello.known.serverName ?? "") !== expected.serverName) {
    throw refuse("the ClientHello's server name is another than the request's");
  }
  if (!(hello.known.signatureAlgorithms?.includes(expected.signatureScheme) ?? false)) {
    throw refuse("the ClientHello does not offer the signature scheme");
  }
  return hello;
}

/** The suite's hash, once the ServerHello is one of TLS 1.3 that a Certificate can follow. */
function checkServerHello(hello: ServerHello, client: ClientHello, retry: ServerHello | undefined) {
  if (hello.kind !== "ServerHello" || hello.known.supportedVersions !== ProtocolVersion.TLSv1_3) {
    throw refuse("there is no ServerHello of TLS 1.3 where it has to be");
  }
  if (hello.known.preSharedKey !== undefined) {
    throw refuse("no certificate is sent when a session is resumed");
  }
  const hash = suiteHashes.get(hello.cipherSuite);
  if (hash === undefined || !client.cipherSuites.includes(hello.cipherSuite)) {
    throw refuse("the cipher suite is not one of TLS 1.3 that was offered");
  }
  if (retry !== undefined && retry.cipherSuite !== hello.cipherSuite) {
    throw refuse("the HelloRetryRequest names another cipher suite");
  }
  return hash;
}

function readCertificate(message: HandshakeMessage, hello: ClientHello): Certificate {
  const offered = extensionTypes(hello.extensions);
  if (message.type !== HandshakeType.compressed_certificate) return decodeCertificate(message, offered);
  const inflated = inflateCertificate(message, hello.known.compressCertificate ?? []);
  if (inflated === undefined) throw refuse("the compressed certificate cannot be inflated as announced");
  return decodeCertificate(inflated, offered);
}

function checkLeaf({ certificateList, certificateRequestContext }: Certificate, expected: Expected): void {
  const [leaf] = certificateList;
  if (leaf === undefined || certificateRequestContext.length > 0) {
    throw refuse("the Certificate is no server's");
  }
  let identifier: Uint8Array;
  try {
    identifier = parseCertificate(leaf.certificate).subjectKeyIdentifier;
  } catch (error) {
    throw refuse("the leaf certificate cannot be read", error);
  }
  if (identifier.toHex() !== expected.subjectKeyIdentifier.toHex()) {
    throw refuse("the leaf certificate is of another key");
  }
}

/** RFC 8446, Section 4.4.1: after a retry the first ClientHello is replaced by a synthetic message_hash. */
function hashTranscript(
  hash: "sha256" | "sha384",
  messages: readonly HandshakeMessage[],
  retriedHello: ClientHello | undefined,
): Uint8Array {
  const transcript = createHash(hash);
  for (const [index, { raw }] of messages.entries()) {
    if (index > 0 || retriedHello === undefined) {
      transcript.update(raw);
      continue;
    }
    const first = createHash(hash).update(raw).digest();
    transcript.update(Uint8Array.of(HandshakeType.message_hash, 0, 0, first.length)).update(first);
  }
  return new Uint8Array(transcript.digest());
}
