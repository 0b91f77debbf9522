import type {
  RsaKeyExchangeRequest,
  SignTls12Request,
  SignTls13Request,
  Tls13Transcript,
} from "../../shared/keyless_protocol/operations.ts";
import { maximumEncryptedPreMasterSecretLength } from "../../shared/keyless_protocol/requests.ts";
import type { RsaDecryptionRequest, SignatureRequest, Tls13SignatureRequest } from "../tls/server_events.ts";

/** What is sent of a TLS 1.3 transcript: its hash, or in `strict` the messages, for key servers whose grants ask for it. */
export type TranscriptForm = "hash" | "strict";

/**
 * A key server's request for what the engine needs signed; `deadline` in milliseconds from its receipt. A certificate whose
 * key server needs the transcript gets it whatever `form` says.
 */
export function keyRequest(
  request: SignatureRequest,
  form: TranscriptForm,
  deadline: number,
): SignTls13Request | SignTls12Request {
  const common = { ...commonFields(request, deadline), signatureScheme: request.scheme };
  switch (request.kind) {
    case "tls13-certificate-verify":
      return {
        operation: "sign-tls13",
        ...common,
        transcript: transcript(request, request.certificate.needsTranscript === true ? "strict" : form),
      };
    case "tls12-server-key-exchange": {
      const { clientRandom, serverRandom, namedCurve, publicKey } = request;
      return { operation: "sign-tls12", ...common, clientRandom, serverRandom, namedCurve, publicKey };
    }
  }
}

/**
 * The same for a premaster to decrypt; the answer comes sealed to `recipientPublicKey`. A ciphertext that is longer than
 * any key's goes as none: a bad one like every other.
 */
export function rsaKeyExchangeRequest(
  request: RsaDecryptionRequest,
  recipientPublicKey: Uint8Array,
  deadline: number,
): RsaKeyExchangeRequest {
  const { clientVersion, hash: prfHash, seed, encryptedPreMasterSecret: ciphertext } = request;
  const fits = ciphertext.length <= maximumEncryptedPreMasterSecretLength;
  return {
    operation: "rsa-key-exchange",
    ...commonFields(request, deadline),
    clientVersion,
    prfHash,
    seed,
    encryptedPreMasterSecret: fits ? ciphertext : new Uint8Array(0),
    recipientPublicKey,
  };
}

function commonFields(
  { certificate, serverName }: SignatureRequest | RsaDecryptionRequest,
  deadline: number,
) {
  return {
    role: "server",
    subjectKeyIdentifier: certificate.subjectKeyIdentifier,
    serverName: serverName ?? "",
    deadline: Math.max(1, Math.floor(deadline)),
  } as const;
}

function transcript(request: Tls13SignatureRequest, form: TranscriptForm): Tls13Transcript {
  return form === "hash"
    ? { form, transcriptHash: request.transcriptHash }
    : { form, handshakeMessages: request.handshakeMessages() };
}
