import { readPeerCertificate } from "../../../edge-terminator/tls/client_certificates/peer_certificate.ts";
import { verifyPeerSignature } from "../../../edge-terminator/tls/client_certificates/peer_signature.ts";
import { defaultSignatureSchemes } from "../../../edge-terminator/tls/client_certificates/policy.ts";
import { parseCertificate } from "../../../shared/libcrypto/x509.ts";
import { ChainVerifier } from "../../../shared/libcrypto/x509_verify.ts";
import { InternalFailure, TlsError } from "../../../shared/tls_messages/errors.ts";
import { Defect, type FuzzSubject, type FuzzTarget, promise } from "../fuzz_target.ts";
import { outcomeOf } from "../outcome.ts";
import { clientIdentities, clientPki } from "./client_identities.ts";

const content = new Uint8Array(130);
const signature = new Uint8Array(71).fill(0x30);

/**
 * A client's certificate: the first byte is of the scheme it signs with, the rest its DER. It is refused by an alert
 * of the client's own fault; an authority's signature is never found over what it has not signed.
 */
class PeerCertificateSubject implements FuzzSubject {
  readonly #verifier = new ChainVerifier({ authorities: [clientPki.authorityDer], purpose: "client" });
  readonly seeds: readonly Uint8Array[] = clientIdentities.flatMap(({ chain }) =>
    [0, 1, 3, 6].map((scheme) => Uint8Array.of(scheme, ...chain[0]!))
  );

  run(input: Uint8Array): string {
    const der = input.slice(1);
    const scheme = defaultSignatureSchemes[(input[0] ?? 0) % defaultSignatureSchemes.length]!;
    return refused(() => {
      const peer = readPeerCertificate([der]);
      const verdict = this.#verifier.verify(peer.chain);
      promise(!verdict.valid || isIssued(der), "a certificate is trusted that nobody has issued");
      const proofs = (["TLS 1.3", "TLS 1.2"] as const).map((version) =>
        refused(() => {
          verifyPeerSignature(version, { mode: "required" }, peer, { algorithm: scheme, signature }, content);
          throw new Defect("A signature verifies that nobody has made");
        })
      );
      return [peer.keyType, verdict.valid ? "valid" : verdict.failure, ...proofs].join(", ");
    });
  }
}

/** What became of it; a refusal must be for the client's fault. */
function refused(act: () => string): string {
  return outcomeOf(() => {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof InternalFailure)) throw error;
      throw new Defect("The peer brought about internal_error", { cause: error });
    }
  }, TlsError);
}

/** What the authority has signed is the same as one of its own; the outer encoding may have other forms. */
function isIssued(der: Uint8Array): boolean {
  const { serialNumber } = parseCertificate(der);
  return clientIdentities.some((identity) => identity.serialNumber.replace(/^0+/, "") === serialNumber);
}

export const peerCertificateTarget: FuzzTarget = {
  name: "peer-certificate",
  about: "certificates that clients send, and the keys in them",
  share: 3,
  open: () => new PeerCertificateSubject(),
};
