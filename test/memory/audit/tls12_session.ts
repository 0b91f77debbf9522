import { findTls12CipherSuite } from "../../../edge-terminator/tls/cipher_suites.ts";
import { parseCertificate } from "../../../shared/libcrypto/x509.ts";
import { ContentType, HandshakeType, NamedGroup, SignatureScheme } from "../../../shared/tls_constants.ts";
import { decodeCertificateTls12 } from "../../../shared/tls_messages/certificate_tls12.ts";
import { randomPremaster, RsaEncrypter } from "../../harness/rsa_ciphertexts.ts";
import { ScriptedTls12Client } from "../../peer/scripted_tls12_client.ts";
import type { NamedSecret } from "./named_secret.ts";
import { recordingPool } from "./recording_pool.ts";
import { type AuditedSession, request, type SessionTarget, SocketPeer, unnamed } from "./session.ts";
import { tls12Secrets } from "./tls12_secrets.ts";

export interface Tls12Case {
  readonly suite: number;
  /** Of an ECDHE suite. */
  readonly group?: number;
}

/** One TLS 1.2 session with a live edge, stopped where the audit wants to look. */
export class Tls12Session implements AuditedSession {
  readonly name: string;
  readonly #recording = recordingPool();
  readonly #client: ScriptedTls12Client;
  readonly #peer: SocketPeer;
  readonly #case: Tls12Case;
  #premaster: Uint8Array | undefined;

  private constructor(name: string, of: Tls12Case, peer: SocketPeer, serverName: string) {
    this.name = name;
    this.#case = of;
    this.#peer = peer;
    this.#client = new ScriptedTls12Client(this.#recording.pool, {
      cipherSuites: [of.suite],
      serverName,
      ...of.group !== undefined && { groups: groupsFor(of.group) },
      signatureSchemes: [
        SignatureScheme.ecdsa_secp256r1_sha256,
        SignatureScheme.ecdsa_secp384r1_sha384,
        SignatureScheme.rsa_pss_rsae_sha256,
      ],
    });
  }

  /** Goes as far as ServerHelloDone: the server has its ephemeral key, and waits for the client's. */
  static async begin(name: string, target: SessionTarget, of: Tls12Case): Promise<Tls12Session> {
    const session = new Tls12Session(name, of, await SocketPeer.connect(target), target.serverName);
    await session.#peer.send(session.#client.start());
    await session.#receiveUntil(() => session.#client.messageTypes.includes(HandshakeType.server_hello_done));
    return session;
  }

  /** The server's ephemeral public key; undefined of RSA key exchange. */
  get serverShare(): Uint8Array | undefined {
    const message = this.#client.messages.find(({ type }) => type === HandshakeType.server_key_exchange);
    return message?.body.slice(4, 4 + message.body[3]!);
  }

  async complete(): Promise<void> {
    await this.#peer.send(this.#keyExchange());
    await this.#peer.send(this.#client.changeCipherSpec());
    await this.#peer.send(this.#client.finished());
    await this.#receiveUntil(() => this.#client.messageTypes.includes(HandshakeType.finished));
    await this.renewKeys();
  }

  /** TLS 1.2 cannot: more data only. */
  async renewKeys(): Promise<void> {
    this.#client.received = new Uint8Array(0);
    await this.#peer.send(this.#client.seal(ContentType.application_data, request(this.name)));
    await this.#receiveUntil(() => SocketPeer.isWhole(this.#client.received));
  }

  async close(): Promise<void> {
    const closeNotify = new Uint8Array([1, 0]);
    await this.#peer.end(this.#client.seal(ContentType.alert, closeNotify));
  }

  secrets(): NamedSecret[] {
    const { hash, aead } = findTls12CipherSuite(this.#case.suite)!;
    const recorded = this.#recording.recorded();
    const master = recorded.find((secret) => secret.length === 48 && this.#followsFrom(recorded, secret));
    if (master === undefined) return []; // the key exchange is still to come
    const named = tls12Secrets({
      hash: hash as "sha256" | "sha384",
      aead,
      premaster: this.#premaster,
      master,
      clientRandom: this.#client.fields.random,
      serverRandom: this.#client.serverHello!.random,
    });
    const all = [...named, ...unnamed(recorded, named, { hmac: hash, aead })];
    return all.map((secret) => ({ ...secret, name: `${this.name}: ${secret.name}` }));
  }

  /** Whether the client's write key, which it has used, follows from this as the master secret. */
  #followsFrom(recorded: readonly Uint8Array[], master: Uint8Array): boolean {
    const { hash, aead } = findTls12CipherSuite(this.#case.suite)!;
    const [key] = tls12Secrets({
      hash: hash as "sha256" | "sha384",
      aead,
      master,
      clientRandom: this.#client.fields.random,
      serverRandom: this.#client.serverHello!.random,
    }).filter(({ name }) => name === "client write key");
    return recorded.some((other) => other.toHex() === key!.bytes.toHex());
  }

  #keyExchange(): Uint8Array {
    if (this.#case.group !== undefined) return this.#client.clientKeyExchange();
    const message = this.#client.messages.find(({ type }) => type === HandshakeType.certificate)!;
    const [leaf] = decodeCertificateTls12(message).certificateList;
    this.#premaster = randomPremaster();
    const encrypter = new RsaEncrypter(parseCertificate(leaf!).subjectPublicKeyInfo);
    return this.#client.rsaClientKeyExchange(encrypter.encrypt(this.#premaster), this.#premaster);
  }

  async #receiveUntil(isEnough: () => boolean): Promise<void> {
    while (!isEnough()) {
      this.#client.receive(await this.#peer.read());
      if (this.#client.alerts.length > 0) {
        throw new Error(`${this.name}: alert ${this.#client.alerts[0]!.description}`);
      }
    }
  }

  [Symbol.dispose](): void {
    this.#peer[Symbol.dispose]();
    this.#client[Symbol.dispose]();
    this.#recording[Symbol.dispose]();
  }
}

/** The groups of a client that gets this one: the curve of an ECDSA certificate has to be among them too. */
function groupsFor(group: number): number[] {
  return group === NamedGroup.x25519 ? [group, NamedGroup.secp256r1] : [group];
}
