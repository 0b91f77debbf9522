import { ChainVerifier } from "../../shared/libcrypto/x509_verify.ts";
import { type PeerVerdict, verdictOf } from "../tls/client_certificates/peer_verdict.ts";
import type { ClientCertificatePolicy } from "../tls/client_certificates/policy.ts";
import type { ClientAuthorities } from "./client_authorities.ts";

/** Judges the clients of one site: path validation and revocation, when they come and at each resumption. */
export class ClientVerifier implements Disposable {
  /** What the engine asks clients for. */
  readonly policy: ClientCertificatePolicy;
  readonly #verifier: ChainVerifier;

  /** @throws {CertificateError} of libcrypto, when an authority or a revocation list is malformed */
  constructor(mode: ClientCertificatePolicy["mode"], authorities: ClientAuthorities) {
    this.#verifier = new ChainVerifier({ ...authorities, purpose: "client" });
    this.policy = {
      mode,
      authorities: this.#verifier.authorityNames,
      stillHolds: (chain) => this.verify(chain).accepted,
    };
  }

  /** @param chain DER, leaf first */
  verify(chain: readonly Uint8Array[]): PeerVerdict {
    return verdictOf(this.#verifier.verify(chain));
  }

  [Symbol.dispose](): void {
    this.#verifier[Symbol.dispose]();
  }
}
