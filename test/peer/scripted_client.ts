import { concatenate } from "../../shared/codec/concatenate.ts";
import { findTls13CipherSuite, type Tls13CipherSuite } from "../../edge-terminator/tls/cipher_suites.ts";
import type { ApplicationTrafficSecret } from "../../edge-terminator/tls/key_schedule/application_traffic_secret.ts";
import { EarlySecret } from "../../edge-terminator/tls/key_schedule/early_secret.ts";
import type { MasterSecret } from "../../edge-terminator/tls/key_schedule/master_secret.ts";
import type { ResumptionMasterSecret } from "../../edge-terminator/tls/key_schedule/resumption_master_secret.ts";
import type { HandshakeSecret } from "../../edge-terminator/tls/key_schedule/handshake_secret.ts";
import type { ClientHandshakeTrafficSecret } from "../../edge-terminator/tls/key_schedule/handshake_traffic_secret.ts";
import { Keeper } from "../../edge-terminator/tls/keeper.ts";
import { RecordLayer } from "../../edge-terminator/tls/record/record_layer.ts";
import { Tls13RecordKeys } from "../../edge-terminator/tls/record/tls13_record_keys.ts";
import { Transcript } from "../../edge-terminator/tls/transcript.ts";
import { findGroup } from "../../edge-terminator/tls/key_exchange/groups.ts";
import { hashLength } from "../../shared/libcrypto/digest.ts";
import { EphemeralKeyPair } from "../../shared/libcrypto/key_agreement.ts";
import type { LockedPool } from "../../shared/memory/locked_pool.ts";
import type { Secret } from "../../shared/memory/secret.ts";
import {
  ContentType,
  ExtensionType,
  HandshakeType,
  KeyUpdateRequest,
  NamedGroup,
  PskKeyExchangeMode,
} from "../../shared/tls_constants.ts";
import type { HandshakeMessage } from "../../shared/tls_messages/handshake.ts";
import { HandshakeReassembler } from "../../shared/tls_messages/handshake_reassembler.ts";
import { encodeFinished } from "../../shared/tls_messages/finished.ts";
import { decodeNewSessionTicket } from "../../shared/tls_messages/new_session_ticket.ts";
import { encodeKeyUpdate } from "../../shared/tls_messages/key_update.ts";
import { decodeServerHello } from "../../shared/tls_messages/server_hello.ts";
import {
  buildClientHello,
  extension,
  type HelloFields,
  plainRecord,
  type RawKeyShare,
  usualFields,
} from "./hello_builder.ts";

export interface ScriptedClientOptions {
  /** Not the server's pool, so that a test can count the server's blocks. */
  readonly pool: LockedPool;
  readonly fields?: Partial<HelloFields>;
  /** Groups to send key shares for; x25519 by default. */
  readonly shareGroups?: readonly number[];
  /** What both sides of a hybrid agree on: the test plays the ML-KEM. */
  readonly kemSecret?: Uint8Array;
  /** A session of an earlier client to resume; that client must outlive this one. */
  readonly session?: ClientSession;
  /** psk_dhe_ke by default. */
  readonly pskModes?: readonly number[];
}

/** What a client keeps of a NewSessionTicket. */
export interface ClientSession {
  readonly ticket: Uint8Array;
  readonly ageAdd: number;
  readonly psk: Secret;
  readonly suite: Tls13CipherSuite;
}

/**
 * A TLS 1.3 client that does as it is told: each step is a call that returns bytes, so that a test can leave out,
 * repeat, change, reorder or split whatever it likes. It checks nothing of the server's but what it must decrypt.
 */
export class ScriptedClient implements Disposable {
  readonly fields: HelloFields;
  /** The server's handshake messages, in order. */
  readonly messages: HandshakeMessage[] = [];
  readonly alerts: { readonly level: number; readonly description: number }[] = [];
  readonly records: RecordLayer;
  received = new Uint8Array(0);
  changeCipherSpecs = 0;
  readonly sessions: ClientSession[] = [];
  suite: Tls13CipherSuite | undefined;
  readonly #pool: LockedPool;
  readonly #keeper = new Keeper();
  readonly #kemSecret: Uint8Array | undefined;
  readonly #session: ClientSession | undefined;
  #master: MasterSecret | undefined;
  #resumption: ResumptionMasterSecret | undefined;
  readonly #transcript: Transcript;
  readonly #pairs = new Map<number, EphemeralKeyPair>();
  readonly #reassembler = new HandshakeReassembler();
  #handshakeSecret: HandshakeSecret | undefined;
  #clientHandshake: ClientHandshakeTrafficSecret | undefined;
  #client: ApplicationTrafficSecret | undefined;
  #server: ApplicationTrafficSecret | undefined;

  constructor(options: ScriptedClientOptions) {
    this.#pool = options.pool;
    this.#kemSecret = options.kemSecret;
    this.records = this.#keeper.keep(new RecordLayer());
    this.#transcript = this.#keeper.keep(new Transcript());
    const keyShares = this.makeShares(options.shareGroups ?? [NamedGroup.x25519]);
    this.#session = options.session;
    this.fields = { ...usualFields(), keyShares, ...options.fields };
    const modes = new Uint8Array(options.pskModes ?? [PskKeyExchangeMode.psk_dhe_ke]);
    const pskModes = extension(ExtensionType.psk_key_exchange_modes, (writer) => writer.vector8(modes));
    this.fields.extraExtensions = [...this.fields.extraExtensions, pskModes];
  }

  /** Fresh shares for these groups. The ML-KEM part of a hybrid's is nonsense. */
  makeShares(groups: readonly number[]): RawKeyShare[] {
    return groups.map((id) => {
      const group = findGroup(id)!;
      const pair = this.#keeper.keep(EphemeralKeyPair.generate(group.curve));
      this.#pairs.set(id, pair);
      return {
        group: id,
        keyExchange: concatenate([new Uint8Array(group.encapsulationKeyLength), pair.publicKey]),
      };
    });
  }

  /** The ClientHello message, taken into the transcript. */
  clientHello(change: (message: Uint8Array) => Uint8Array = (message) => message): Uint8Array {
    const hello = this.#session === undefined
      ? buildClientHello(this.fields)
      : this.#resumingHello(this.#session);
    const message = change(hello);
    this.#transcript.add(message);
    return message;
  }

  /** The ClientHello in one record. */
  start(change?: (message: Uint8Array) => Uint8Array): Uint8Array {
    return plainRecord(ContentType.handshake, this.clientHello(change), 0x0301);
  }

  /** The second ClientHello, after a HelloRetryRequest has been received. */
  restart(group: number, change?: (message: Uint8Array) => Uint8Array): Uint8Array {
    this.fields.keyShares = this.makeShares([group]);
    return plainRecord(ContentType.handshake, this.clientHello(change));
  }

  /** Takes what the server sent, as far as it goes. */
  receive(bytes: Uint8Array | undefined): void {
    if (bytes === undefined) return;
    this.records.reader.push(bytes.slice());
    for (;;) {
      const message = this.#reassembler.next();
      if (message !== undefined) {
        this.#take(message);
        continue;
      }
      const incoming = this.records.next();
      if (incoming === undefined) break;
      const { type, content } = incoming;
      if (type === ContentType.handshake) this.#reassembler.push(content);
      else if (type === ContentType.alert) this.alerts.push({ level: content[0]!, description: content[1]! });
      else if (type === ContentType.change_cipher_spec) this.changeCipherSpecs++;
      else this.received = concatenate([this.received, content]);
    }
    this.records.reader.settle();
  }

  /** Finished in a record; afterwards the client writes under its application keys. */
  finished(change: (message: Uint8Array) => Uint8Array = (message) => message): Uint8Array {
    const covers = this.#transcript.hash("client-certificate-verify");
    const message = change(encodeFinished({ verifyData: this.#clientHandshake!.finishedVerifyData(covers) }));
    const record = this.seal(ContentType.handshake, message);
    this.#transcript.add(message);
    const hash = this.#transcript.hash("client-finished");
    this.#resumption = this.#keeper.keep(this.#master!.intoResumptionMasterSecret(hash));
    this.records.setWriteKeys(new Tls13RecordKeys(this.#client!.trafficKeys(this.suite!.aead)));
    return record;
  }

  /** Any handshake message in a record, taken into the transcript. */
  handshake(message: Uint8Array): Uint8Array {
    this.#transcript.add(message);
    return this.seal(ContentType.handshake, message);
  }

  /** What a CertificateVerify would sign now (RFC 8446, Section 4.4.3). */
  get signedContent(): Uint8Array {
    const context = new TextEncoder().encode(`${" ".repeat(64)}TLS 1.3, client CertificateVerify\0`);
    return concatenate([context, this.#transcript.hash("client-certificate")]);
  }

  /** Any content in a record under the current keys. */
  seal(type: number, content: Uint8Array): Uint8Array {
    this.records.write(type, content);
    return this.records.output.take() ?? new Uint8Array(0);
  }

  /** KeyUpdate, and the next key for what follows. */
  keyUpdate(requestUpdate: number = KeyUpdateRequest.update_not_requested): Uint8Array {
    const record = this.seal(ContentType.handshake, encodeKeyUpdate({ requestUpdate }));
    this.#client = this.#keeper.keep(this.#client!.intoNext());
    this.records.setWriteKeys(new Tls13RecordKeys(this.#client.trafficKeys(this.suite!.aead)));
    return record;
  }

  closeNotify(): Uint8Array {
    return this.seal(ContentType.alert, new Uint8Array([1, 0]));
  }

  get messageTypes(): number[] {
    return this.messages.map(({ type }) => type);
  }

  #take(message: HandshakeMessage): void {
    const { type, raw } = message;
    this.messages.push({ type, raw: raw.slice(), body: raw.slice(4) });
    if (type === HandshakeType.server_hello) return this.#takeServerHello(message);
    if (type === HandshakeType.key_update) return this.#renewReadKeys();
    if (type === HandshakeType.new_session_ticket) return this.#takeTicket(message);
    if (type !== HandshakeType.finished) return this.#transcript.add(raw);
    this.#transcript.add(raw);
    const hash = this.#transcript.hash("server-finished");
    const master = this.#keeper.keep(this.#handshakeSecret!.intoMasterSecret());
    this.#master = master;
    this.#client = this.#keeper.keep(master.clientApplicationTrafficSecret(hash));
    this.#server = this.#keeper.keep(master.serverApplicationTrafficSecret(hash));
    this.records.setReadKeys(new Tls13RecordKeys(this.#server.trafficKeys(this.suite!.aead)));
  }

  #takeServerHello(message: HandshakeMessage): void {
    const hello = decodeServerHello(message, new Set([43, 51, 41, 44]));
    this.suite = findTls13CipherSuite(hello.cipherSuite)!;
    this.#transcript.useHash(this.suite.hash);
    if (hello.kind === "HelloRetryRequest") this.#transcript.replaceWithMessageHash();
    this.#transcript.add(message.raw);
    if (hello.kind !== "ServerHello") return;
    const { group, keyExchange } = hello.known.keyShare!;
    using shared = this.#sharedSecret(group, keyExchange);
    const psk = hello.known.preSharedKey === undefined ? undefined : this.#session!.psk;
    using early = EarlySecret.extract(this.#pool, this.suite.hash, psk);
    this.#handshakeSecret = this.#keeper.keep(early.intoHandshakeSecret(shared));
    const hash = this.#transcript.hash("server-hello");
    this.#clientHandshake = this.#keeper.keep(this.#handshakeSecret.clientTrafficSecret(hash));
    using server = this.#handshakeSecret.serverTrafficSecret(hash);
    this.records.setReadKeys(new Tls13RecordKeys(server.trafficKeys(this.suite.aead)));
    this.records.setWriteKeys(new Tls13RecordKeys(this.#clientHandshake.trafficKeys(this.suite.aead)));
  }

  /** A ClientHello with the session's ticket last and its binder in place (RFC 8446, Section 4.2.11.2). */
  #resumingHello({ ticket, ageAdd, psk, suite }: ClientSession): Uint8Array {
    this.#transcript.useHash(suite.hash);
    const length = hashLength[suite.hash];
    const offer = extension(ExtensionType.pre_shared_key, (writer) => {
      writer.vector16((list) => {
        list.vector16(ticket);
        list.u32(ageAdd);
      });
      writer.vector16((list) => list.vector8(new Uint8Array(length)));
    });
    const extraExtensions = [...this.fields.extraExtensions, offer];
    const message = buildClientHello({ ...this.fields, extraExtensions });
    using early = EarlySecret.extract(this.#pool, suite.hash, psk);
    using binderKey = early.resumptionBinderKey();
    const truncated = message.subarray(0, message.length - length - 3);
    message.set(binderKey.binder(this.#transcript.hashWith(truncated)), message.length - length);
    return message;
  }

  #takeTicket(message: HandshakeMessage): void {
    const { ticket, ticketAgeAdd: ageAdd, ticketNonce } = decodeNewSessionTicket(message);
    const psk = this.#keeper.keep(this.#resumption!.ticketPsk(ticketNonce));
    this.sessions.push({ ticket: ticket.slice(), ageAdd, psk, suite: this.suite! });
  }

  #sharedSecret(id: number, serverShare: Uint8Array): Secret {
    const group = findGroup(id)!;
    const curveShare = serverShare.subarray(serverShare.length - group.curveShareLength);
    const curveSecret = this.#pairs.get(id)!.derive(this.#pool, curveShare);
    if (group.encapsulationKeyLength === 0) return curveSecret;
    using _curveSecret = curveSecret;
    const secret = this.#pool.rent(32 + curveSecret.length);
    secret.bytes.set(this.#kemSecret!);
    secret.bytes.set(curveSecret.bytes, 32);
    return secret;
  }

  #renewReadKeys(): void {
    this.#server = this.#keeper.keep(this.#server!.intoNext());
    this.records.setReadKeys(new Tls13RecordKeys(this.#server.trafficKeys(this.suite!.aead)));
  }

  [Symbol.dispose](): void {
    this.#keeper[Symbol.dispose]();
  }
}
