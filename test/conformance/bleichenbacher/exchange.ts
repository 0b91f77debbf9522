import { loadCertificate } from "../../../edge-terminator/certificates/chain_loader.ts";
import { rsaKeyExchangeRequest } from "../../../edge-terminator/keyless/key_request.ts";
import { rsaKeyExchangeSuites } from "../../../edge-terminator/tls/cipher_suites.ts";
import { TlsServerEngine } from "../../../edge-terminator/tls/server_engine.ts";
import type { RsaDecryptionRequest, TlsServerEvent } from "../../../edge-terminator/tls/server_events.ts";
import type { ServedCertificate } from "../../../edge-terminator/tls/served_certificate.ts";
import type { KeylessAnswer } from "../../../shared/keyless_protocol/answers.ts";
import type { RsaKeyExchangeRequest } from "../../../shared/keyless_protocol/operations.ts";
import { openMasterSecret } from "../../../shared/keyless_protocol/sealed_master_secret.ts";
import { EphemeralKeyPair } from "../../../shared/libcrypto/key_agreement.ts";
import { parseCertificate } from "../../../shared/libcrypto/x509.ts";
import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import type { Secret } from "../../../shared/memory/secret.ts";
import { type CiphertextClass, randomPremaster, RsaEncrypter } from "../../harness/rsa_ciphertexts.ts";
import { ScriptedTls12Client } from "../../peer/scripted_tls12_client.ts";

/** Answers a request as a key server does. */
export type Answer = (request: RsaKeyExchangeRequest) => Promise<KeylessAnswer>;

/** What an attacker saw of one handshake, and how long the key server took for it, in microseconds. */
export interface Observation {
  /** What the edge sent after the client's Finished, in hexadecimal. */
  readonly reply: string;
  /** The answer's form: its kind and the lengths of its fields. */
  readonly form: string;
  /** Whether the same request, asked again, had the same master secret. */
  readonly repeats: boolean;
  readonly whole: number;
}

/** Attacks a TLS engine whose key server is `answer`: handshakes with ciphertexts whose premaster the client does not know. */
export class Attacker implements Disposable {
  readonly #pool = LockedPool.open({ totalBytes: 65_536 });

  private constructor(
    readonly encrypter: RsaEncrypter,
    readonly certificate: ServedCertificate,
  ) {}

  static async open(certificateFile: string): Promise<Attacker> {
    const certificate = await loadCertificate(certificateFile);
    const { subjectPublicKeyInfo } = parseCertificate(certificate.chain[0]!);
    return new Attacker(new RsaEncrypter(subjectPublicKeyInfo), certificate);
  }

  async observe(kind: CiphertextClass, answer: Answer, asksTwice: boolean): Promise<Observation> {
    using server = this.#engine();
    using client = this.#client();
    client.receive(this.#flight(server, client));
    server.receive(client.rsaClientKeyExchange(this.encrypter.ofClass(kind), randomPremaster()));
    const { request } = eventOf(server, "rsa-decryption-needed");
    const { master, ...seen } = await this.#ask(request, answer, asksTwice);
    server.answerMasterSecret(master);
    server.receive(client.changeCipherSpec());
    server.receive(client.finished());
    return { ...seen, reply: server.takeOutput()?.toHex() ?? "" };
  }

  /** That an honest client is served: the handshake of the class that is good, by one who knows the premaster. */
  async connects(answer: Answer): Promise<boolean> {
    using server = this.#engine();
    using client = this.#client();
    client.receive(this.#flight(server, client));
    const premaster = randomPremaster();
    server.receive(client.rsaClientKeyExchange(this.encrypter.encrypt(premaster), premaster));
    const { master } = await this.#ask(eventOf(server, "rsa-decryption-needed").request, answer, false);
    server.answerMasterSecret(master);
    server.receive(client.changeCipherSpec());
    server.receive(client.finished());
    return server.state === "connected";
  }

  #engine(): TlsServerEngine {
    return new TlsServerEngine({ pool: this.#pool, cipherSuites: rsaKeyExchangeSuites });
  }

  #client(): ScriptedTls12Client {
    return new ScriptedTls12Client(this.#pool, { cipherSuites: rsaKeyExchangeSuites });
  }

  #flight(server: TlsServerEngine, client: ScriptedTls12Client): Uint8Array | undefined {
    server.receive(client.start());
    eventOf(server, "client-hello");
    server.answerSite({ certificates: [this.certificate], alpnProtocols: [] });
    return server.takeOutput();
  }

  async #ask(asked: RsaDecryptionRequest, answer: Answer, asksTwice: boolean) {
    using recipient = EphemeralKeyPair.generate("x25519");
    const request = rsaKeyExchangeRequest(asked, recipient.publicKey, 60_000);
    const began = performance.now();
    const first = await answer(request);
    const whole = (performance.now() - began) * 1000;
    const master = this.#open(recipient, request, first);
    if (!asksTwice) return { master, form: formOf(first), whole, repeats: true };
    using again = this.#open(recipient, request, await answer(request));
    return { master, form: formOf(first), whole, repeats: again.bytes.toHex() === master.bytes.toHex() };
  }

  #open(recipient: EphemeralKeyPair, request: RsaKeyExchangeRequest, answer: KeylessAnswer): Secret {
    if (answer.type !== "sealed-master-secret") throw new Error(`The key server answers ${answer.type}`);
    return openMasterSecret(this.#pool, recipient, request, answer);
  }

  [Symbol.dispose](): void {
    this.#pool[Symbol.dispose]();
  }
}

function formOf(answer: KeylessAnswer): string {
  if (answer.type !== "sealed-master-secret") return answer.type;
  return `${answer.type} ${answer.encapsulatedKey.length} ${answer.ciphertext.length}`;
}

function eventOf<Type extends TlsServerEvent["type"]>(
  server: TlsServerEngine,
  type: Type,
): Extract<TlsServerEvent, { type: Type }> {
  const event = server.nextEvent();
  if (event?.type !== type) throw new Error(`The engine says ${event?.type} in place of ${type}`);
  return event as Extract<TlsServerEvent, { type: Type }>;
}
