import type { KeylessKeyRequest } from "../../shared/keyless_protocol/operations.ts";
import type { SignatureRequest } from "../tls/server_events.ts";

/** What is sent of a TLS 1.3 transcript: its hash, or in `strict` the messages, for key servers whose grants ask for it. */
export type TranscriptForm = "hash" | "strict";

/** A key server's request for what the engine needs signed; `deadline` in milliseconds from its receipt. */
export function keyRequest(
  request: SignatureRequest,
  form: TranscriptForm,
  deadline: number,
): KeylessKeyRequest {
  return {
    operation: "sign-tls13",
    role: "server",
    subjectKeyIdentifier: request.certificate.subjectKeyIdentifier,
    serverName: request.serverName ?? "",
    deadline: Math.max(1, Math.floor(deadline)),
    signatureScheme: request.scheme,
    transcript: form === "hash"
      ? { form, transcriptHash: request.transcriptHash }
      : { form, handshakeMessages: request.handshakeMessages() },
  };
}
