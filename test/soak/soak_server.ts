import { TlsServerEngine } from "../../edge-terminator/tls/server_engine.ts";
import type { TlsServerEvent } from "../../edge-terminator/tls/server_events.ts";
import type { TlsServerOptions } from "../../edge-terminator/tls/server_options.ts";
import type { TlsSite } from "../../edge-terminator/tls/site.ts";
import type { Secret } from "../../shared/memory/secret.ts";
import { SignatureScheme } from "../../shared/tls_constants.ts";

/** What the hybrid's two sides agree on: both ends are here. */
export const kemSecret: Uint8Array = new Uint8Array(32).fill(7);

const certificate = (keyType: "ecdsa-p256" | "rsa", signatureSchemes: readonly number[]) => ({
  chain: [new Uint8Array(700).fill(0x30)],
  subjectKeyIdentifier: new Uint8Array(20),
  keyType,
  signatureSchemes,
});

export const soakSite: TlsSite = {
  certificates: [
    certificate("ecdsa-p256", [SignatureScheme.ecdsa_secp256r1_sha256]),
    certificate("rsa", [SignatureScheme.rsa_pss_rsae_sha256, SignatureScheme.rsa_pkcs1_sha256]),
  ],
  alpnProtocols: ["http/1.1"],
};

type Question = Extract<
  TlsServerEvent,
  {
    type:
      | "client-hello"
      | "encapsulation-needed"
      | "signature-needed"
      | "rsa-decryption-needed"
      | "verification-needed"
      | "session-needed";
  }
>;

/** One engine whose questions are answered one at a time, so that a handshake can end in every state. */
export class SoakServer implements Disposable {
  readonly engine: TlsServerEngine;
  readonly site: TlsSite;
  /** What RSA decryption "finds": the client's own master secret. */
  masterSecret: (() => Secret) | undefined;
  readonly #options: TlsServerOptions;
  #question: Question | undefined;
  #completed = false;
  #failed = false;

  constructor(options: TlsServerOptions, site: TlsSite) {
    this.#options = options;
    this.site = site;
    this.engine = new TlsServerEngine(options);
  }

  get completed(): boolean {
    return this.#completed;
  }

  get failed(): boolean {
    return this.#failed;
  }

  get asks(): boolean {
    return this.#question !== undefined;
  }

  /** Gives the engine bytes and hears what it says. */
  receive(bytes: Uint8Array): void {
    this.engine.receive(bytes);
    this.listen();
  }

  listen(): void {
    for (let event = this.engine.nextEvent(); event !== undefined; event = this.engine.nextEvent()) {
      if (event.type === "failed") this.#failed = true;
      else if (event.type === "handshake-complete") this.#completed = true;
      else if (event.type !== "application-data" && event.type !== "close-notify") this.#question = event;
    }
  }

  /** Answers the question as a good application does. */
  answer(): void {
    const question = this.#question;
    this.#question = undefined;
    switch (question?.type) {
      case "client-hello":
        this.engine.answerSite(this.site);
        break;
      case "encapsulation-needed":
        this.engine.answerEncapsulation({
          ciphertext: new Uint8Array(1088),
          sharedSecret: this.#kemSecret(),
        });
        break;
      case "signature-needed": // the scripted clients check none
        this.engine.answerSignature(new Uint8Array(71).fill(0x30));
        break;
      case "rsa-decryption-needed":
        this.engine.answerMasterSecret(this.masterSecret!());
        break;
      case "verification-needed":
        this.engine.answerVerification({ accepted: true });
        break;
      case "session-needed":
        this.engine.answerSession(this.#options.sessions?.cache.find(question.request.sessionId));
        break;
    }
    this.listen();
  }

  /** Answers the question with a failure of our own side. */
  failAnswer(): void {
    const question = this.#question;
    this.#question = undefined;
    const error = new Error("planted");
    if (question?.type === "client-hello") this.engine.answerSite(undefined);
    else if (question?.type === "encapsulation-needed") this.engine.answerEncapsulation(error);
    else if (question?.type === "verification-needed") this.engine.answerVerification(error);
    else if (question?.type === "session-needed") this.engine.answerSession(undefined);
    else if (question !== undefined) this.engine.failPrivateKeyOperation(error);
    this.listen();
  }

  #kemSecret(): Secret {
    const secret = this.#options.pool.rent(kemSecret.length);
    secret.bytes.set(kemSecret);
    return secret;
  }

  [Symbol.dispose](): void {
    this.engine[Symbol.dispose]();
  }
}
