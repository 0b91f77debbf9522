/** For tests: what the engine would ask to have signed. */
import { digest } from "../../shared/libcrypto/digest.ts";
import { SignatureScheme } from "../../shared/tls_constants.ts";
import type { SignatureRequest } from "../tls/server_events.ts";

/** A request whose transcript hash is made of `text`, so that answers can be told apart. */
export function signatureRequest(text: string, keyName = 1): SignatureRequest {
  const messages = new TextEncoder().encode(text);
  return {
    kind: "tls13-certificate-verify",
    scheme: SignatureScheme.ecdsa_secp256r1_sha256,
    certificate: {
      chain: [],
      subjectKeyIdentifier: new Uint8Array(20).fill(keyName),
      keyType: "ecdsa-p256",
      signatureSchemes: [SignatureScheme.ecdsa_secp256r1_sha256],
    },
    serverName: "www.holdfast.test",
    hash: "sha256",
    transcriptHash: digest("sha256", messages),
    handshakeMessages: () => messages,
  };
}

/** What a scripted key server answers to {@link signatureRequest} in the form `hash`. */
export function expectedSignature(text: string): Uint8Array {
  return new Uint8Array([0x53, ...digest("sha256", new TextEncoder().encode(text))]);
}
