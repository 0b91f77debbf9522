import type { PeerVerdict } from "../../../../edge-terminator/tls/client_certificates/peer_verdict.ts";
import type { ServedCertificate } from "../../../../edge-terminator/tls/served_certificate.ts";
import { TlsServerEngine } from "../../../../edge-terminator/tls/server_engine.ts";
import type {
  NegotiatedParameters,
  RsaDecryptionRequest,
  TlsServerEvent,
} from "../../../../edge-terminator/tls/server_events.ts";
import type { TlsServerOptions } from "../../../../edge-terminator/tls/server_options.ts";
import type { SessionCache } from "../../../../edge-terminator/tls/sessions/session_cache.ts";
import type { TlsSite } from "../../../../edge-terminator/tls/site.ts";
import { AlertDescription, SignatureScheme } from "../../../../shared/tls_constants.ts";
import { InternalFailure, TlsError } from "../../../../shared/tls_messages/errors.ts";
import { testMasterSecret } from "../../../harness/tls12_master_secret.ts";
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
/** Certificates of both kinds; clients are asked for none. */
export const usualSite: TlsSite = {
  certificates: [certificate, rsaCertificate],
  alpnProtocols: ["h2", "http/1.1"],
};

/** How the server's own side answers: as it should, only at the next call, or not. */
export type Manners = "well" | "slowly" | "fails" | "refuses the name" | "trusts nobody" | "cannot verify";

const verdicts: Readonly<Partial<Record<Manners, PeerVerdict | Error>>> = {
  "trusts nobody": { accepted: false, alert: AlertDescription.unknown_ca, why: "nobody is trusted" },
  "cannot verify": new Error("nobody can tell"),
};

/** Manners in which internal_error is the right word. */
const failing: readonly Manners[] = ["fails", "cannot verify"];

/** What ML-KEM would agree on, at both ends. */
export const kemSecret: Uint8Array = new Uint8Array(32).fill(7);

/** What a key server finds in every EncryptedPreMasterSecret. */
export const rsaPremaster: Uint8Array = new Uint8Array(48).fill(3);

/** One engine, with somebody who answers its questions and holds it to its contract. */
export class Driver implements Disposable {
  readonly engine: TlsServerEngine;
  readonly #options: TlsServerOptions;
  readonly #manners: Manners;
  readonly #site: TlsSite;
  readonly #elsewhere: SessionCache | undefined;
  readonly #seen: string[] = [];
  #late: (() => void)[] = [];
  #failed = false;
  #completed = false;

  /** `elsewhere` has the sessions that the engine asks for. */
  constructor(
    options: TlsServerOptions,
    manners: Manners,
    site: TlsSite = usualSite,
    elsewhere?: SessionCache,
  ) {
    this.#elsewhere = elsewhere;
    this.#options = options;
    this.#manners = manners;
    this.#site = site;
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
    this.#giveLateAnswers();
    for (let event = this.engine.nextEvent(); event !== undefined; event = this.engine.nextEvent()) {
      this.#take(event);
    }
    const { state, wantsInput } = this.engine;
    const isAtRest = wantsInput || ["connected", "closed", "failed"].includes(state);
    promise(isAtRest || this.#late.length > 0, `the engine is ${state} with every question answered`);
    return this.engine.takeOutput();
  }

  /** What is still to be answered is answered afterwards: the engine has no use for it, and keeps nothing of it. */
  [Symbol.dispose](): void {
    this.engine[Symbol.dispose]();
    this.#giveLateAnswers();
  }

  #giveLateAnswers(): void {
    const late = this.#late;
    this.#late = [];
    for (const answer of late) answer();
  }

  #take(event: TlsServerEvent): void {
    promise(!this.#failed, `the event ${event.type} follows "failed"`);
    if (this.#seen.at(-1) !== event.type && this.#seen.length < 8) this.#seen.push(event.type);
    switch (event.type) {
      case "handshake-complete":
        return this.#complete(event.parameters);
      case "application-data":
        return promise(this.#completed, "application data came before the handshake was complete");
      case "failed":
        return this.#takeFailure(event.error);
      case "close-notify":
        return;
      default:
        if (this.#manners !== "slowly") return this.#answer(event);
        this.#late.push(() => this.#answer(event));
    }
  }

  #answer(event: TlsServerEvent): void {
    const { engine } = this;
    const fails = this.#manners === "fails";
    switch (event.type) {
      case "client-hello":
        return engine.answerSite(this.#manners === "refuses the name" ? undefined : this.#site);
      case "encapsulation-needed":
        return this.#encapsulate();
      case "signature-needed":
        if (!fails) return engine.answerSignature(new Uint8Array(71).fill(0x30));
        return engine.failPrivateKeyOperation(new Error("the key server is gone"));
      case "rsa-decryption-needed":
        if (!fails) return this.#decrypt(event.request);
        return engine.failPrivateKeyOperation(new Error("the key server is gone"));
      case "verification-needed":
        return engine.answerVerification(verdicts[this.#manners] ?? { accepted: true });
      case "session-needed":
        return engine.answerSession(fails ? undefined : this.#elsewhere?.find(event.request.sessionId));
    }
  }

  #complete({ resumed, peer }: NegotiatedParameters): void {
    promise(!this.#completed, "a handshake was completed twice");
    this.#completed = true;
    const asks = this.#site.clientCertificates;
    const name = peer === undefined ? "anonymous" : "authenticated";
    this.#seen.push(resumed ? "resumed" : "full", ...(asks === undefined ? [] : [name]));
    promise(peer !== undefined || asks?.mode !== "required", "a client without a certificate came in");
    promise(peer === undefined || asks !== undefined, "a client was authenticated that nobody asked");
    promise(peer === undefined || this.#manners !== "trusts nobody", "a client came in that nobody trusts");
  }

  #encapsulate(): void {
    if (this.#manners === "fails") return this.engine.answerEncapsulation(new Error("no"));
    const sharedSecret = this.#options.pool.rent(kemSecret.length);
    sharedSecret.bytes.set(kemSecret);
    this.engine.answerEncapsulation({ ciphertext: new Uint8Array(1088), sharedSecret });
  }

  #decrypt({ hash, seed }: RsaDecryptionRequest): void {
    const master = testMasterSecret(hash, rsaPremaster, seed);
    const secret = this.#options.pool.rent(master.length);
    secret.bytes.set(master);
    this.engine.answerMasterSecret(secret);
  }

  /** A peer must never be able to make us fail of our own. */
  #takeFailure(error: TlsError): void {
    this.#failed = true;
    promise(error instanceof TlsError, `${error} is no TlsError`);
    this.#seen.push(error.reason);
    const ours = error instanceof InternalFailure && error.message !== "Cannot go on: aborted";
    if (ours && !failing.includes(this.#manners)) {
      throw new Defect("The peer brought about internal_error", { cause: error });
    }
  }
}
