import { findTls12CipherSuite } from "../../../edge-terminator/tls/cipher_suites.ts";
import { parseCertificate } from "../../../shared/libcrypto/x509.ts";
import {
  ContentType,
  ExtensionType,
  HandshakeType,
  NamedGroup,
  SignatureScheme,
} from "../../../shared/tls_constants.ts";
import { decodeCertificateTls12 } from "../../../shared/tls_messages/certificate_tls12.ts";
import { decodeNewSessionTicketTls12 } from "../../../shared/tls_messages/new_session_ticket_tls12.ts";
import { randomPremaster, RsaEncrypter } from "../../harness/rsa_ciphertexts.ts";
import { extension } from "../../peer/hello_builder.ts";
import {
  ScriptedTls12Client,
  type Tls12ClientSession,
  usualTls12Extensions,
} from "../../peer/scripted_tls12_client.ts";
import type { NamedSecret } from "./named_secret.ts";
import { recordingPool } from "./recording_pool.ts";
import { type AuditedSession, request, type SessionTarget, SocketPeer, unnamed } from "./session.ts";
import { tls12Secrets } from "./tls12_secrets.ts";

export interface Tls12Case {
  readonly suite: number;
  /** Of an ECDHE suite. */
  readonly group?: number;
  /** Takes a ticket; without, the server keeps the session by its id. */
  readonly takesTicket?: boolean;
  /** Resumes a session of this one. */
  readonly after?: Tls12Session;
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
    const resumed = of.after?.resumable;
    const ticket = of.takesTicket === true || resumed?.ticket !== undefined
      ? [
        extension(
          ExtensionType.session_ticket,
          (writer) => writer.bytes(resumed?.ticket ?? new Uint8Array(0)),
        ),
      ]
      : [];
    this.#client = new ScriptedTls12Client(this.#recording.pool, {
      cipherSuites: [of.suite],
      serverName,
      extraExtensions: [...usualTls12Extensions, ...ticket],
      ...of.group !== undefined && { groups: groupsFor(of.group) },
      signatureSchemes: [
        SignatureScheme.ecdsa_secp256r1_sha256,
        SignatureScheme.ecdsa_secp384r1_sha384,
        SignatureScheme.rsa_pss_rsae_sha256,
      ],
    }, resumed);
  }

  /**
   * Goes as far as ServerHelloDone: the server has its ephemeral key, and waits for the client's; or, in a resumption, as far
   * as its Finished.
   */
  static async begin(name: string, target: SessionTarget, of: Tls12Case): Promise<Tls12Session> {
    const session = new Tls12Session(name, of, await SocketPeer.connect(target), target.serverName);
    await session.#peer.send(session.#client.start());
    const last = of.after === undefined ? HandshakeType.server_hello_done : HandshakeType.finished;
    await session.#receiveUntil(() => session.#client.messageTypes.includes(last));
    if (session.#client.resumed !== (of.after !== undefined)) throw new Error(`${name}: it is not resumed`);
    return session;
  }

  /** What a later session comes back with; the secret stays in this session's pool. */
  get resumable(): Tls12ClientSession & { readonly ticket?: Uint8Array } {
    const { session, messages } = this.#client;
    const message = messages.find(({ type }) => type === HandshakeType.new_session_ticket);
    if (message === undefined) return session;
    // RFC 5077, Section 3.4: by the echo of an id of its own the client sees that the ticket was taken.
    const id = crypto.getRandomValues(new Uint8Array(32));
    return { ...session, id, ticket: decodeNewSessionTicketTls12(message).ticket.slice() };
  }

  get suite(): number {
    return this.#case.suite;
  }

  /** The server's ephemeral public key; undefined of RSA key exchange. */
  get serverShare(): Uint8Array | undefined {
    const message = this.#client.messages.find(({ type }) => type === HandshakeType.server_key_exchange);
    return message?.body.slice(4, 4 + message.body[3]!);
  }

  async complete(): Promise<void> {
    if (this.#case.after === undefined) await this.#peer.send(this.#keyExchange());
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
      isCached: this.#isCached,
    });
    const all = [...named, ...unnamed(recorded, named, { hmac: hash, aead })];
    // A resumption has the master secret of the session before it, which names it.
    const own = all.filter(({ bytes }) => this.#case.after === undefined || bytes !== master);
    return own.map((secret) => ({ ...secret, name: `${this.name}: ${secret.name}` }));
  }

  /** An id that the server has thought of: it keeps the session, once the handshake is over. */
  get #isCached(): boolean {
    const { messageTypes, serverHello } = this.#client;
    return messageTypes.includes(HandshakeType.finished) && this.#case.takesTicket !== true &&
      serverHello!.legacySessionIdEcho.length > 0;
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
