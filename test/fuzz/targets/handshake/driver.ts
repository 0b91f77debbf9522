import type { ServedCertificate } from "../../../../edge-terminator/tls/served_certificate.ts";
import { TlsServerEngine } from "../../../../edge-terminator/tls/server_engine.ts";
import type { TlsServerEvent } from "../../../../edge-terminator/tls/server_events.ts";
import type { TlsServerOptions } from "../../../../edge-terminator/tls/server_options.ts";
import type { TlsSite } from "../../../../edge-terminator/tls/site.ts";
import { SignatureScheme } from "../../../../shared/tls_constants.ts";
import { InternalFailure, TlsError } from "../../../../shared/tls_messages/errors.ts";
import { Defect, promise } from "../../fuzz_target.ts";

const certificate: ServedCertificate = {
  chain: [new Uint8Array(700).fill(0x30)],
  subjectKeyIdentifier: new Uint8Array(20),
  keyType: "ecdsa-p256",
  signatureSchemes: [SignatureScheme.ecdsa_secp256r1_sha256],
};
const rsaCertificate: ServedCertificate = {
  ...certificate,
  keyType: "rsa",
  signatureSchemes: [SignatureScheme.rsa_pss_rsae_sha256, SignatureScheme.rsa_pkcs1_sha256],
};
const site: TlsSite = { certificates: [certificate, rsaCertificate], alpnProtocols: ["h2", "http/1.1"] };

/** How the server's own side answers: as it should, or not. */
export type Manners = "well" | "fails" | "refuses the name";

/** What ML-KEM would agree on, at both ends. */
export const kemSecret: Uint8Array = new Uint8Array(32).fill(7);

/** One engine, with somebody who answers its questions and holds it to its contract. */
export class Driver implements Disposable {
  readonly engine: TlsServerEngine;
  readonly #options: TlsServerOptions;
  readonly #manners: Manners;
  readonly #seen: string[] = [];
  #failed = false;
  #completed = false;

  constructor(options: TlsServerOptions, manners: Manners) {
    this.#options = options;
    this.#manners = manners;
    this.engine = new TlsServerEngine(options);
  }

  /** What happened, in a few words. */
  get words(): string {
    return `${this.#manners}: ${this.#seen.join(" ")} (${this.engine.state})`;
  }

  /** Whether the handshake came to its end. */
  get completed(): boolean {
    return this.#completed;
  }

  /** Gives bytes, answers questions, returns what the engine sends. */
  receive(bytes: Uint8Array): Uint8Array | undefined {
    this.engine.receive(bytes.slice());
    for (let event = this.engine.nextEvent(); event !== undefined; event = this.engine.nextEvent()) {
      this.#take(event);
    }
    return this.engine.takeOutput();
  }

  [Symbol.dispose](): void {
    this.engine[Symbol.dispose]();
  }

  #take(event: TlsServerEvent): void {
    promise(!this.#failed, `the event ${event.type} follows "failed"`);
    if (this.#seen.at(-1) !== event.type && this.#seen.length < 8) this.#seen.push(event.type);
    switch (event.type) {
      case "client-hello":
        return this.engine.answerSite(this.#manners === "refuses the name" ? undefined : site);
      case "encapsulation-needed":
        return this.#encapsulate();
      case "signature-needed":
        if (this.#manners !== "fails") return this.engine.answerSignature(new Uint8Array(71).fill(0x30));
        return this.engine.failPrivateKeyOperation(new Error("the key server is gone"));
      case "handshake-complete":
        promise(!this.#completed, "a handshake was completed twice");
        this.#seen.push(event.parameters.resumed ? "resumed" : "full");
        this.#completed = true;
        return;
      case "application-data":
        return promise(this.#completed, "application data came before the handshake was complete");
      case "failed":
        return this.#takeFailure(event.error);
    }
  }

  #encapsulate(): void {
    if (this.#manners === "fails") return this.engine.answerEncapsulation(new Error("no"));
    const sharedSecret = this.#options.pool.rent(kemSecret.length);
    sharedSecret.bytes.set(kemSecret);
    this.engine.answerEncapsulation({ ciphertext: new Uint8Array(1088), sharedSecret });
  }

  /** A peer must never be able to make us fail of our own. */
  #takeFailure(error: TlsError): void {
    this.#failed = true;
    promise(error instanceof TlsError, `${error} is no TlsError`);
    this.#seen.push(error.reason);
    const ours = error instanceof InternalFailure && error.message !== "Cannot go on: aborted";
    if (ours && this.#manners !== "fails") {
      throw new Defect("The peer brought about internal_error", { cause: error });
    }
  }
}
