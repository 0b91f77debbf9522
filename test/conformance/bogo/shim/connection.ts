import type { TlsServerEvent } from "../../../../edge-terminator/tls/server_events.ts";
import { TlsServerEngine } from "../../../../edge-terminator/tls/server_engine.ts";
import { encapsulate } from "../../../../shared/libcrypto/ml_kem.ts";
import { checkClientHello, checkHandshake } from "./checks.ts";
import { clientVerdict } from "./client_certificates.ts";
import { type Credential, loadCredentials } from "./credential.ts";
import { engineOptions, siteFor, siteRefusal } from "./engine_setup.ts";
import { ShimFailure, tlsFailure } from "./failure.ts";
import { RunnerSocket } from "./runner_socket.ts";
import type { ConnectionConfig } from "./shim_config.ts";
import type { TestState } from "./test_state.ts";

/** Bytes that the echo reads at once, so that a record comes back in several, unless told. */
const usualReadSize = 512;

const utf8 = new TextEncoder();

type EventOf<Type extends TlsServerEvent["type"]> = Extract<TlsServerEvent, { type: Type }>;

/**
 * One connection of a test: the real engine between the runner and an echo that inverts every byte.
 *
 * Everything goes one step after the other, as in a server with a single thread. With `-async` each answer to the
 * engine comes in a later turn of the event loop, and bytes come and go one by one.
 */
export class ShimConnection implements Disposable {
  readonly #config: ConnectionConfig;
  readonly #isResumption: boolean;
  readonly #state: TestState;
  readonly #credentials: readonly Credential[];
  readonly #socket: RunnerSocket;
  readonly #engine: TlsServerEngine;
  #handshakeComplete = false;
  #peerEnded = false;
  /** Why the shim, as the application, has refused the client. */
  #refusal: string | undefined;
  /** Whose key was asked to sign. */
  #signer: Credential | undefined;
  #verifications = 0;

  private constructor(
    config: ConnectionConfig,
    isResumption: boolean,
    state: TestState,
    credentials: readonly Credential[],
    socket: RunnerSocket,
  ) {
    this.#config = config;
    this.#isResumption = isResumption;
    this.#state = state;
    this.#credentials = credentials;
    this.#socket = socket;
    this.#engine = new TlsServerEngine(engineOptions(config, state));
  }

  /** Connects to the runner and serves it until the end; throws {@link ShimFailure} when it is not as expected. */
  static async run(config: ConnectionConfig, isResumption: boolean, state: TestState): Promise<void> {
    const { flags } = config;
    const credentials = await loadCredentials(config);
    const socket = await RunnerSocket.dial({
      port: flags.port!,
      ipv6: flags.ipv6 ?? false,
      shimId: flags["shim-id"]!,
      byteByByte: flags.async ?? false,
    });
    try {
      using connection = new ShimConnection(config, isResumption, state, credentials, socket);
      await connection.#serve();
    } finally {
      await socket.close();
      state.requireNoLeak();
    }
  }

  async #serve(): Promise<void> {
    while (!this.#peerEnded) {
      const pieces = await this.#socket.read();
      if (pieces === undefined) {
        if (!this.#handshakeComplete) throw new ShimFailure("the runner closed during the handshake");
        break;
      }
      for (const piece of pieces) {
        this.#engine.receive(piece);
        await this.#settle();
      }
    }
    this.#engine.close();
    await this.#settle();
  }

  /** Writes what the engine has to say before answering what it asks, as long as it does either. */
  async #settle(): Promise<void> {
    for (;;) {
      const output = this.#engine.takeOutput();
      if (output !== undefined) await this.#socket.write(output);
      const event = this.#engine.nextEvent();
      if (event !== undefined) await this.#act(event);
      else if (output === undefined) return;
    }
  }

  async #act(event: TlsServerEvent): Promise<void> {
    switch (event.type) {
      case "client-hello":
        return await this.#chooseSite(event);
      case "encapsulation-needed":
        return await this.#encapsulate(event);
      case "signature-needed":
        return await this.#sign(event);
      case "rsa-decryption-needed":
        return await this.#exchangeRsaKey(event);
      case "verification-needed":
        await this.#suspend();
        this.#verifications++;
        return this.#engine.answerVerification(clientVerdict(this.#config.flags));
      case "session-needed":
        await this.#suspend();
        return this.#engine.answerSession(this.#state.sessions.find(event.request.sessionId));
      case "handshake-complete":
        await checkHandshake(this.#config, {
          parameters: event.parameters,
          isResumption: this.#isResumption,
          signer: this.#signer,
          verifications: this.#verifications,
          cachedSessions: this.#state.sessions.size,
        });
        this.#handshakeComplete = true;
        return this.#sendKeyingMaterial();
      case "application-data":
        return this.#echo(event.data);
      case "close-notify":
        this.#peerEnded = true;
        return;
      case "failed":
        throw tlsFailure(event.error, this.#refusal);
      default:
        event satisfies never;
    }
  }

  async #chooseSite({ clientHello }: EventOf<"client-hello">): Promise<void> {
    checkClientHello(this.#config, clientHello);
    await this.#suspend();
    const refusal = siteRefusal(this.#config);
    if (refusal === undefined) return this.#engine.answerSite(siteFor(this.#config, this.#credentials));
    this.#engine.abort(refusal.alert);
    this.#refusal = refusal.reason;
  }

  async #encapsulate({ encapsulationKey }: EventOf<"encapsulation-needed">): Promise<void> {
    await this.#suspend();
    const result = await encapsulate(this.#state.pool, encapsulationKey).catch((error: Error) => error);
    this.#engine.answerEncapsulation(result);
  }

  async #sign({ request }: EventOf<"signature-needed">): Promise<void> {
    await this.#suspend();
    const signer = this.#credentials.find(({ served }) => served === request.certificate)!;
    this.#signer = signer;
    try {
      this.#engine.answerSignature(await this.#state.keys.sign(request, signer));
    } catch (error) {
      this.#engine.failPrivateKeyOperation(error as Error);
    }
  }

  async #exchangeRsaKey({ request }: EventOf<"rsa-decryption-needed">): Promise<void> {
    await this.#suspend();
    const owner = this.#credentials.find(({ served }) => served === request.certificate)!;
    this.#signer = owner;
    try {
      this.#engine.answerMasterSecret(
        await this.#state.keys.exchangeRsaKey(request, owner, this.#state.pool),
      );
    } catch (error) {
      this.#engine.failPrivateKeyOperation(error as Error);
    }
  }

  /** With `-export-keying-material`: what is exported is the first that the runner reads. */
  #sendKeyingMaterial(): void {
    const { flags } = this.#config;
    const length = flags["export-keying-material"];
    if (length === undefined) return;
    const context = flags["use-export-context"] ? utf8.encode(flags["export-context"]) : undefined;
    this.#engine.send(this.#engine.exportKeyingMaterial(flags["export-label"] ?? "", context, length));
  }

  #echo(data: Uint8Array): void {
    const { flags } = this.#config;
    const readSize = flags["read-size"] ?? usualReadSize;
    for (let at = 0; at < data.length; at += readSize) {
      if (flags["key-update"]) this.#engine.updateKeys();
      this.#engine.send(data.slice(at, at + readSize).map((byte) => byte ^ 0xff));
    }
  }

  /** With `-async`: the answer waits until the event loop has been round. */
  async #suspend(): Promise<void> {
    if (this.#config.flags.async) await new Promise((resolve) => setTimeout(resolve, 0));
  }

  [Symbol.dispose](): void {
    this.#engine[Symbol.dispose]();
  }
}
