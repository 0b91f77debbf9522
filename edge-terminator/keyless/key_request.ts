import type {
  SignTls12Request,
  SignTls13Request,
  Tls13Transcript,
} from "../../shared/keyless_protocol/operations.ts";
import type { SignatureRequest, Tls13SignatureRequest } from "../tls/server_events.ts";

/** What is sent of a TLS 1.3 transcript: its hash, or in `strict` the messages, for key servers whose grants ask for it. */
export type TranscriptForm = "hash" | "strict";

/** A key server's request for what the engine needs signed; `deadline` in milliseconds from its receipt. */
export function keyRequest(
  request: SignatureRequest,
  form: TranscriptForm,
  deadline: number,
): SignTls13Request | SignTls12Request {
  const common = {
    role: "server",
    subjectKeyIdentifier: request.certificate.subjectKeyIdentifier,
    serverName: request.serverName ?? "",
    deadline: Math.max(1, Math.floor(deadline)),
    signatureScheme: request.scheme,
  } as const;
  switch (request.kind) {
    case "tls13-certificate-verify":
      return { operation: "sign-tls13", ...common, transcript: transcript(request, form) };
    case "tls12-server-key-exchange": {
      const { clientRandom, serverRandom, namedCurve, publicKey } = request;
      return { operation: "sign-tls12", ...common, clientRandom, serverRandom, namedCurve, publicKey };
    }
  }
}

function transcript(request: Tls13SignatureRequest, form: TranscriptForm): Tls13Transcript {
  return form === "hash"
    ? { form, transcriptHash: request.transcriptHash }
    : { form, handshakeMessages: request.handshakeMessages() };
}
