import { concatenate } from "../../shared/codec/concatenate.ts";
import { findTls12CipherSuite, type Tls12CipherSuite } from "../../edge-terminator/tls/cipher_suites.ts";
import { Keeper } from "../../edge-terminator/tls/keeper.ts";
import { findGroup } from "../../edge-terminator/tls/key_exchange/groups.ts";
import type { TrafficKeys } from "../../edge-terminator/tls/key_schedule/traffic_keys.ts";
import { RecordLayer } from "../../edge-terminator/tls/record/record_layer.ts";
import { Tls12RecordKeys } from "../../edge-terminator/tls/record/tls12_record_keys.ts";
import { type Randoms, Tls12MasterSecret } from "../../edge-terminator/tls/tls12/master_secret.ts";
import { Transcript } from "../../edge-terminator/tls/transcript.ts";
import { EphemeralKeyPair } from "../../shared/libcrypto/key_agreement.ts";
import type { LockedPool } from "../../shared/memory/locked_pool.ts";
import type { Secret } from "../../shared/memory/secret.ts";
import {
  CipherSuite,
  ContentType,
  ExtensionType,
  HandshakeType,
  NamedGroup,
  SignatureScheme,
} from "../../shared/tls_constants.ts";
import {
  encodeEcdheClientKeyExchange,
  encodeRsaClientKeyExchange,
} from "../../shared/tls_messages/client_key_exchange.ts";
import { encodeFinished } from "../../shared/tls_messages/finished.ts";
import type { HandshakeMessage } from "../../shared/tls_messages/handshake.ts";
import { HandshakeReassembler } from "../../shared/tls_messages/handshake_reassembler.ts";
import { decodeServerHello, type ServerHello } from "../../shared/tls_messages/server_hello.ts";
import { decodeServerKeyExchange } from "../../shared/tls_messages/server_key_exchange.ts";
import { buildClientHello, extension, type HelloFields, plainRecord, usualFields } from "./hello_builder.ts";

/** The extensions of an ordinary TLS 1.2 client besides those that HelloFields names. */
export const usualTls12Extensions = [
  extension(ExtensionType.extended_master_secret, () => {}),
  extension(ExtensionType.renegotiation_info, (writer) => writer.u8(0)),
  extension(ExtensionType.ec_point_formats, (writer) => writer.vector8(new Uint8Array([0]))),
];

/** What a client keeps of a session; the secret is the client's that made it, which must outlive the next. */
export interface Tls12ClientSession {
  /** The server's session id, or one of the client's own next to a ticket. */
  readonly id: Uint8Array;
  readonly master: Secret;
}

/** A TLS 1.2 client that does as it is told; see ScriptedClient. */
export class ScriptedTls12Client implements Disposable {
  readonly fields: HelloFields;
  readonly messages: HandshakeMessage[] = [];
  readonly alerts: { readonly level: number; readonly description: number }[] = [];
  readonly records: RecordLayer;
  received = new Uint8Array(0);
  serverHello: ServerHello | undefined;
  readonly #pool: LockedPool;
  readonly #keeper = new Keeper();
  readonly #transcript: Transcript;
  readonly #reassembler = new HandshakeReassembler();
  #suite: Tls12CipherSuite | undefined;
  #keys: { client: TrafficKeys; server: TrafficKeys } | undefined;
  #master: Tls12MasterSecret | undefined;

  readonly #session: Tls12ClientSession | undefined;

  constructor(pool: LockedPool, fields: Partial<HelloFields> = {}, session?: Tls12ClientSession) {
    this.#pool = pool;
    this.#session = session;
    this.records = this.#keeper.keep(new RecordLayer());
    this.#transcript = this.#keeper.keep(new Transcript());
    this.fields = {
      ...usualFields(),
      sessionId: session?.id ?? new Uint8Array(0),
      versions: undefined,
      cipherSuites: [CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256],
      groups: [NamedGroup.x25519, NamedGroup.secp256r1],
      signatureSchemes: [SignatureScheme.ecdsa_secp256r1_sha256, SignatureScheme.rsa_pkcs1_sha256],
      extraExtensions: usualTls12Extensions,
      ...fields,
    };
  }

  start(): Uint8Array {
    const message = buildClientHello(this.fields);
    this.#transcript.add(message);
    return plainRecord(ContentType.handshake, message, 0x0301);
  }

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
      else if (type === ContentType.application_data) this.received = concatenate([this.received, content]);
      else {this.records.setReadKeys(
          new Tls12RecordKeys(this.#keeper.handOver(this.#keys!.server)),
          "TLS 1.2",
        );}
    }
    this.records.reader.settle();
  }

  /** ClientKeyExchange in a record; derives the keys. `share` replaces the client's own. */
  clientKeyExchange(share?: Uint8Array): Uint8Array {
    const exchange = this.messages.find(({ type }) => type === HandshakeType.server_key_exchange)!;
    const { params } = decodeServerKeyExchange(exchange);
    using pair = EphemeralKeyPair.generate(findGroup(params.namedCurve)!.curve);
    using premaster = pair.derive(this.#pool, params.publicKey);
    return this.#exchange(encodeEcdheClientKeyExchange({ publicKey: share ?? pair.publicKey }), premaster);
  }

  /** The same of RSA key exchange: a ciphertext, and the premaster that the client means by it. */
  rsaClientKeyExchange(encryptedPreMasterSecret: Uint8Array, meant: Uint8Array): Uint8Array {
    using premaster = this.#pool.rent(meant.length);
    premaster.bytes.set(meant);
    return this.#exchange(encodeRsaClientKeyExchange({ encryptedPreMasterSecret }), premaster);
  }

  /** Any handshake message in a record, taken into the transcript. */
  handshake(message: Uint8Array): Uint8Array {
    this.#transcript.add(message);
    return this.seal(ContentType.handshake, message);
  }

  /** What a CertificateVerify would sign now: every message so far (RFC 5246, Section 7.4.8). */
  get signedContent(): Uint8Array {
    return this.#transcript.messages();
  }

  /** change_cipher_spec; what follows is encrypted. */
  changeCipherSpec(): Uint8Array {
    this.records.setWriteKeys(new Tls12RecordKeys(this.#keeper.handOver(this.#keys!.client)));
    return plainRecord(ContentType.change_cipher_spec, new Uint8Array([1]));
  }

  finished(change: (message: Uint8Array) => Uint8Array = (message) => message): Uint8Array {
    const verifyData = this.#master!.verifyData("client", this.#transcript.hash("client-key-exchange"));
    const message = change(encodeFinished({ verifyData }));
    this.#transcript.add(message);
    return this.seal(ContentType.handshake, message);
  }

  seal(type: number, content: Uint8Array): Uint8Array {
    this.records.write(type, content);
    return this.records.output.take() ?? new Uint8Array(0);
  }

  /** To come back with. */
  get session(): Tls12ClientSession {
    return { id: this.serverHello!.legacySessionIdEcho, master: this.#keeper.keep(this.#master!.copy()) };
  }

  /** Whether the server goes on with the session that was offered. */
  get resumed(): boolean {
    const echoed = this.serverHello?.legacySessionIdEcho ?? new Uint8Array(0);
    return this.#session !== undefined && echoed.length > 0 && echoed.toHex() === this.#session.id.toHex();
  }

  get messageTypes(): number[] {
    return this.messages.map(({ type }) => type);
  }

  /** What the server's Finished must say, once it is there. */
  get expectedServerVerifyData(): Uint8Array {
    return this.#master!.verifyData("server", this.#transcript.hash("client-finished"));
  }

  get #randoms(): Randoms {
    return { client: this.fields.random, server: this.serverHello!.random };
  }

  #exchange(message: Uint8Array, premaster: Parameters<typeof Tls12MasterSecret.plain>[2]): Uint8Array {
    this.#transcript.add(message);
    this.#deriveKeys(this.#deriveMaster(premaster));
    return plainRecord(ContentType.handshake, message);
  }

  #deriveKeys(master: Tls12MasterSecret): void {
    this.#master = this.#keeper.keep(master);
    this.#keys = master.trafficKeys(this.#suite!, this.#randoms);
    this.#keeper.keep(this.#keys.client);
    this.#keeper.keep(this.#keys.server);
  }

  #resume({ master }: Tls12ClientSession): void {
    const copy = this.#pool.rent(master.length);
    copy.bytes.set(master.bytes);
    this.#deriveKeys(Tls12MasterSecret.adopt(this.#pool, this.#suite!.hash, copy));
  }

  #deriveMaster(premaster: Parameters<typeof Tls12MasterSecret.plain>[2]): Tls12MasterSecret {
    const { hash } = this.#suite!;
    const known = this.serverHello!.kind === "ServerHello12" ? this.serverHello!.known : undefined;
    return known?.extendedMasterSecret
      ? Tls12MasterSecret.extended(this.#pool, hash, premaster, this.#transcript.hash("client-key-exchange"))
      : Tls12MasterSecret.plain(this.#pool, hash, premaster, this.#randoms);
  }

  #take(message: HandshakeMessage): void {
    const { type, raw } = message;
    const kept = { type, raw: raw.slice(), body: raw.slice(4) };
    this.messages.push(kept);
    // In a resumption the client's Finished comes after the server's, and covers it.
    if (type === HandshakeType.finished && !this.resumed) return;
    if (type === HandshakeType.server_hello) {
      const offered = new Set([0, 5, 11, 16, 23, 28, 35, 0xff01]);
      this.serverHello = decodeServerHello(kept, offered);
      this.#suite = findTls12CipherSuite(this.serverHello.cipherSuite)!;
      this.#transcript.useHash(this.#suite.hash);
      if (this.resumed) this.#resume(this.#session!);
    }
    this.#transcript.add(raw);
  }

  [Symbol.dispose](): void {
    this.#keeper[Symbol.dispose]();
  }
}
