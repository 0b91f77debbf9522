import { digest } from "../../shared/libcrypto/digest.ts";
import { parseCertificate } from "../../shared/libcrypto/x509.ts";
import type { ChainFailure } from "../../shared/libcrypto/x509_verify.ts";
import { TlsError } from "../../shared/tls_messages/errors.ts";
import type { PeerVerdict } from "../tls/client_certificates/peer_verdict.ts";
import type { NegotiatedParameters } from "../tls/server_events.ts";
import type { ServedSite } from "./application.ts";

/**
 * What became of the client's certificate, where one was asked for. `unproven`: it was good, and the client could not
 * sign with its key; `refused`: for a reason of the program's own.
 */
export type ClientCertificateResult =
  | "accepted"
  | "resumed"
  | "absent"
  | "unproven"
  | "refused"
  | ChainFailure;

const unprovenReasons: readonly string[] = ["BAD_SIGNATURE", "WRONG_SIGNATURE_TYPE"];

/** The client's side of the authentication in one handshake: has it judged, and remembers what for the records. */
export class ClientAuthentication {
  #chain: readonly Uint8Array[] | undefined;
  #refusal: ClientCertificateResult | undefined;

  /** An Error when nobody can tell. */
  async verify(
    site: ServedSite | undefined,
    chain: readonly Uint8Array[],
  ): Promise<PeerVerdict | Error> {
    this.#chain = chain;
    try {
      const verdict = await site?.verifyClient?.(chain);
      if (verdict === undefined) return new Error("nobody verifies clients here");
      if (!verdict.accepted) this.#refusal = verdict.failure ?? "refused";
      return verdict;
    } catch (error) {
      return error as Error;
    }
  }

  /** Undefined where no certificate was asked for, or the handshake ended before it mattered. */
  result(
    site: ServedSite | undefined,
    parameters: NegotiatedParameters | undefined,
    error: Error | undefined,
  ): ClientCertificateResult | undefined {
    if (site?.tls.clientCertificates === undefined) return undefined;
    if (parameters !== undefined) {
      if (parameters.peer === undefined) return "absent";
      return parameters.resumed ? "resumed" : "accepted";
    }
    const reason = error instanceof TlsError ? error.reason : "";
    if (reason === "PEER_DID_NOT_RETURN_A_CERTIFICATE") return "absent";
    return this.#refusal ?? (unprovenReasons.includes(reason) ? "unproven" : undefined);
  }

  /**
   * SHA-256 of the certificate's subject as RFC 2253 writes it, in hexadecimal: tells clients apart in a log, and
   * names none. Undefined without a certificate.
   */
  subjectDigest(parameters: NegotiatedParameters | undefined): string | undefined {
    const leaf = (parameters?.peer?.chain ?? this.#chain)?.[0];
    if (leaf === undefined) return undefined;
    return digest("sha256", new TextEncoder().encode(parseCertificate(leaf).subject)).toHex();
  }
}
