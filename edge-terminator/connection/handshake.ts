import { AlertDescription } from "../../shared/tls_constants.ts";
import type { HandshakeResult } from "../proxy/metrics.ts";
import type {
  ClientHelloInfo,
  NegotiatedParameters,
  PeerVerificationRequest,
  RsaDecryptionRequest,
  SessionRequest,
  SignatureRequest,
} from "../tls/server_events.ts";
import type { ServedSite } from "./application.ts";
import { ClientAuthentication } from "./client_authentication.ts";
import type { ConnectionContext, Engine } from "./context.ts";
import { handshakeRecord, type HandshakeTimeline } from "./handshake_record.ts";

export interface HandshakeOptions {
  readonly engine: Engine;
  readonly context: ConnectionContext;
  /** The client's address, for the log. */
  readonly client: string;
  /** Runs a step that may have given the engine something, and acts on what the engine then says. */
  readonly advance: (step: () => void) => void;
}

/** How a handshake ended, besides its result. */
export interface HandshakeEnd {
  readonly parameters?: NegotiatedParameters | undefined;
  readonly alertSent?: number | undefined;
  readonly alertReceived?: number | undefined;
  readonly error?: Error | undefined;
}

/**
 * The handshake of one connection: answers what the engine asks for, watches the deadline, keeps the timeline, and
 * reports the end once.
 */
export class Handshake {
  readonly #options: HandshakeOptions;
  readonly #began = performance.now();
  readonly #timeline: HandshakeTimeline = {};
  readonly #client = new ClientAuthentication();
  readonly #deadline: ReturnType<typeof setTimeout>;
  #serverName: string | undefined;
  #site: ServedSite | undefined;
  #deadlinePassed = false;
  #hasEnded = false;

  constructor(options: HandshakeOptions) {
    this.#options = options;
    this.#deadline = setTimeout(() => this.#passDeadline(), options.context.limits.handshakeDeadline);
  }

  /** The site that the client asked for, once it has and there is one. */
  get site(): ServedSite | undefined {
    return this.#site;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Answers "client-hello". */
  chooseSite({ serverName, alpnProtocols }: ClientHelloInfo): void {
    const { context, engine } = this.#options;
    this.#timeline.clientHello = this.#elapsed();
    this.#serverName = serverName;
    this.#site = context.findSite(serverName, alpnProtocols);
    engine.answerSite(this.#site?.tls);
  }

  /** Answers "encapsulation-needed". */
  async encapsulate(encapsulationKey: Uint8Array): Promise<void> {
    const { context, engine, advance } = this.#options;
    const result = await context.encapsulate(encapsulationKey).catch((error: Error) => error);
    // Also when the connection is over by now: the engine takes the shared secret back to the pool.
    advance(() => engine.answerEncapsulation(result));
  }

  /** Answers "signature-needed". */
  async sign(request: SignatureRequest): Promise<void> {
    const { context: { signer }, engine } = this.#options;
    await this.#askForKey(
      (deadline) => signer.sign(request, { deadline }),
      (signature) => engine.answerSignature(signature),
    );
  }

  /** Answers "rsa-decryption-needed". */
  async exchangeRsaKey(request: RsaDecryptionRequest): Promise<void> {
    const { context: { rsaKeyExchange }, engine } = this.#options;
    await this.#askForKey(
      (deadline) =>
        rsaKeyExchange?.(request, { deadline }) ?? Promise.reject(new Error("nobody decrypts here")),
      (master) => engine.answerMasterSecret(master),
    );
  }

  /** Answers "verification-needed". */
  async verifyPeer({ chain }: PeerVerificationRequest): Promise<void> {
    const { engine, advance } = this.#options;
    const verdict = await this.#client.verify(this.#site, chain);
    advance(() => engine.answerVerification(verdict));
  }

  /** Answers "session-needed". */
  async findSession(request: SessionRequest): Promise<void> {
    const { context, engine, advance } = this.#options;
    const session = await context.findSession?.(request);
    // Also when the connection is over by now: the engine takes the secret back to the pool.
    advance(() => engine.answerSession(session));
  }

  /** The client's Finished was right. */
  complete(parameters: NegotiatedParameters): void {
    this.#timeline.finished = this.#elapsed();
    this.end("ok", { parameters });
  }

  /** The engine gave up. Means nothing once the handshake is complete. */
  fail(end: HandshakeEnd): void {
    this.end(
      this.#deadlinePassed ? "deadline" : end.alertReceived === undefined ? "refused" : "aborted",
      end,
    );
  }

  /** Counts and logs the end; only the first one counts. */
  end(result: HandshakeResult, end: HandshakeEnd = {}): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    clearTimeout(this.#deadline);
    const { context: { metrics, log }, client } = this.#options;
    metrics.handshake(
      result,
      end.alertSent ?? end.alertReceived,
      end.parameters?.version,
      this.#elapsed() / 1000,
    );
    const clientCertificate = this.#client.result(this.#site, end.parameters, end.error);
    if (clientCertificate !== undefined) metrics.clientCertificate?.(clientCertificate);
    const clientSubject = this.#client.subjectDigest(end.parameters);
    const about = { client, serverName: this.#serverName, clientCertificate, clientSubject };
    log.info(handshakeRecord({ result, ...about, timeline: this.#timeline, ...end }));
  }

  /** Also when the connection is over by then: the engine takes a secret back to the pool. */
  async #askForKey<Answer>(
    ask: (deadline: number) => Promise<Answer>,
    take: (answer: Answer) => void,
  ): Promise<void> {
    const { context: { limits }, engine, advance } = this.#options;
    this.#timeline.signatureRequested = this.#elapsed();
    const left = limits.handshakeDeadline - this.#elapsed();
    const deadline = Math.max(1, Math.min(limits.keyOperationDeadline, left));
    try {
      const answer = await ask(deadline);
      this.#timeline.signatureAnswered = this.#elapsed();
      advance(() => take(answer));
    } catch (error) {
      advance(() => engine.failPrivateKeyOperation(error as Error));
    }
  }

  #passDeadline(): void {
    this.#deadlinePassed = true;
    this.#options.advance(() => this.#options.engine.abort(AlertDescription.handshake_failure));
  }

  /** Milliseconds since the accept, to the microsecond. */
  #elapsed(): number {
    return Math.round((performance.now() - this.#began) * 1000) / 1000;
  }
}
