import { concatenate } from "../../../shared/codec/concatenate.ts";
import { findTls13CipherSuite } from "../../../edge-terminator/tls/cipher_suites.ts";
import {
  ContentType,
  HandshakeType,
  KeyUpdateRequest,
  NamedGroup,
  ProtocolVersion,
} from "../../../shared/tls_constants.ts";
import { parseHandshake } from "../../../shared/tls_messages/handshake.ts";
import { decodeNewSessionTicket } from "../../../shared/tls_messages/new_session_ticket.ts";
import { decodeServerHello } from "../../../shared/tls_messages/server_hello.ts";
import { type ClientSession, ScriptedClient } from "../../peer/scripted_client.ts";
import { KemClient } from "./kem_client.ts";
import type { NamedSecret } from "./named_secret.ts";
import { recordingPool } from "./recording_pool.ts";
import { type AuditedSession, request, type SessionTarget, SocketPeer, unnamed } from "./session.ts";
import { type Phase, Tls13Schedule } from "./tls13_secrets.ts";

export interface Tls13Case {
  readonly suite: number;
  readonly group: number;
  /** Sends a share that the server does not take, so that it asks for another. */
  readonly retry?: boolean;
  /** Resumes a session of this one. */
  readonly after?: Tls13Session;
}

/** One TLS 1.3 session with a live edge, stopped where the audit wants to look. */
export class Tls13Session implements AuditedSession {
  readonly name: string;
  readonly #recording = recordingPool();
  readonly #client: ScriptedClient;
  readonly #peer: SocketPeer;
  readonly #after: ClientSession | undefined;
  readonly #kem: KemClient | undefined;
  readonly #hellos: Uint8Array[] = [];
  readonly #case: Tls13Case;
  #finished: Uint8Array | undefined;
  #updates = 0;
  #phase: Phase = "handshake";

  private constructor(
    name: string,
    of: Tls13Case,
    peer: SocketPeer,
    kem: KemClient | undefined,
    host: string,
  ) {
    this.name = name;
    this.#case = of;
    this.#peer = peer;
    this.#kem = kem;
    this.#after = of.after?.ticket;
    const shareGroup = of.retry === true ? otherThan(of.group) : of.group;
    this.#client = new ScriptedClient({
      pool: this.#recording.pool,
      shareGroups: [shareGroup],
      fields: {
        cipherSuites: [of.suite],
        groups: of.retry === true ? [of.group, shareGroup] : [of.group],
        versions: [ProtocolVersion.TLSv1_3],
        serverName: host,
      },
      ...kem && { kemSecret: kem.sharedSecret },
      ...this.#after && { session: this.#after },
    });
    kem?.putKeyInto(this.#client.fields.keyShares);
  }

  /** Goes as far as the server's Finished and leaves the server waiting. */
  static async begin(name: string, target: SessionTarget, of: Tls13Case): Promise<Tls13Session> {
    const kem = of.group === NamedGroup.X25519MLKEM768 ? await KemClient.create() : undefined;
    const peer = await SocketPeer.connect(target);
    const session = new Tls13Session(name, of, peer, kem, target.serverName);
    await session.#greet();
    return session;
  }

  /** A session to resume. The PSK stays in this session's pool, which must not be disposed before. */
  get ticket(): ClientSession {
    return this.#client.sessions[0]!;
  }

  get ticketSuite(): number {
    return this.ticket.suite.id;
  }

  async complete(): Promise<void> {
    await this.#peer.send(this.#client.finished((message) => this.#finished = message));
    this.#phase = "connected";
    await this.exchange();
  }

  async exchange(): Promise<void> {
    this.#client.received = new Uint8Array(0);
    await this.#peer.send(this.#client.seal(ContentType.application_data, request(this.name)));
    await this.#receiveUntil(() => SocketPeer.isWhole(this.#client.received));
  }

  /** Both sides renew their keys; data goes under the new ones. */
  async renewKeys(): Promise<void> {
    await this.#peer.send(this.#client.keyUpdate(KeyUpdateRequest.update_requested));
    await this.#receiveUntil(() => this.#client.messageTypes.includes(HandshakeType.key_update));
    this.#updates++;
    await this.exchange();
  }

  async close(): Promise<void> {
    await this.#peer.end(this.#client.closeNotify());
  }

  secrets(): NamedSecret[] {
    const { hash, aead } = findTls13CipherSuite(this.#case.suite)!;
    const schedule = new Tls13Schedule(hash, aead);
    const recorded = this.#recording.recorded();
    const psk = this.#after?.psk.bytes.slice();
    const sharedSecret = recorded.find((candidate) => {
      const follows = schedule.handshakeSecret(candidate, psk).toHex();
      return recorded.some((other) => other.toHex() === follows);
    });
    if (sharedSecret === undefined) throw new Error(`Cannot find the shared secret of ${this.name}`);
    const messages = this.#client.messages;
    const end = messages.findIndex(({ type }) => type === HandshakeType.finished) + 1;
    const server = messages.slice(0, end).filter(({ raw }) =>
      !this.#hellos.some((hello) => same(hello, raw))
    );
    const throughServerHello = concatenate([...this.#hellos, server[0]!.raw]);
    const throughServerFinished = concatenate([...this.#hellos, ...server.map(({ raw }) => raw)]);
    const tickets = messages.filter(({ type }) => type === HandshakeType.new_session_ticket);
    const named = schedule.all(
      {
        hash,
        aead,
        sharedSecret,
        psk,
        throughServerHello,
        throughServerFinished,
        throughClientFinished: this.#finished && concatenate([throughServerFinished, this.#finished]),
        ticketNonces: tickets.map((message) => decodeNewSessionTicket(message).ticketNonce),
      },
      this.#phase,
      this.#updates,
    );
    const all = [...named, ...unnamed(recorded, named, { hmac: hash, aead })];
    return all.map((secret) => ({ ...secret, name: `${this.name}: ${secret.name}` }));
  }

  async #greet(): Promise<void> {
    const keep = (message: Uint8Array) => (this.#hellos.push(message.slice()), message);
    await this.#peer.send(this.#client.start(keep));
    if (this.#case.retry === true) {
      await this.#receiveUntil(() => this.#client.messages.length > 0);
      const { hash } = findTls13CipherSuite(this.#case.suite)!;
      const first = new Uint8Array(
        await crypto.subtle.digest(
          hash === "sha256" ? "SHA-256" : "SHA-384",
          this.#hellos.pop()! as BufferSource,
        ),
      );
      this.#hellos.push(Uint8Array.of(HandshakeType.message_hash, 0, 0, first.length, ...first));
      this.#hellos.push(this.#client.messages[0]!.raw);
      await this.#peer.send(this.#client.restart(this.#case.group, keep));
    }
    await this.#receiveUntil(() => this.#client.messageTypes.includes(HandshakeType.finished));
  }

  async #receiveUntil(isEnough: () => boolean): Promise<void> {
    while (!isEnough()) {
      const bytes = await this.#peer.read();
      await this.#decapsulate(bytes);
      this.#client.receive(bytes);
      if (this.#client.alerts.length > 0) {
        throw new Error(`${this.name}: alert ${this.#client.alerts[0]!.description}`);
      }
    }
  }

  /** The scripted client takes what an ML-KEM has come to: so it has to be known before ServerHello is taken. */
  async #decapsulate(bytes: Uint8Array): Promise<void> {
    if (
      this.#kem === undefined || this.#client.messages.length > 0 || bytes[5] !== HandshakeType.server_hello
    ) return;
    const message = parseHandshake(bytes.subarray(5, 5 + (bytes[3]! << 8 | bytes[4]!)));
    const hello = decodeServerHello(message, new Set([43, 51, 41, 44]));
    if (hello.kind === "ServerHello") await this.#kem.decapsulate(hello.known.keyShare!.keyExchange);
  }

  [Symbol.dispose](): void {
    this.#peer[Symbol.dispose]();
    this.#client[Symbol.dispose]();
    this.#recording[Symbol.dispose]();
  }
}

const otherThan = (group: number) =>
  group === NamedGroup.secp256r1 ? NamedGroup.secp384r1 : NamedGroup.secp256r1;
const same = (a: Uint8Array, b: Uint8Array) => a.toHex() === b.toHex();
