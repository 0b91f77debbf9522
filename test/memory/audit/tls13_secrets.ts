import { createHash, createHmac } from "node:crypto";
import { aeadKeyLength, type AeadName } from "../../../shared/libcrypto/aead.ts";
import { hashLength, type HashName } from "../../../shared/libcrypto/digest.ts";
import type { NamedSecret } from "./named_secret.ts";

/** What a TLS 1.3 session was negotiated and computed from. */
export interface Tls13Facts {
  readonly hash: HashName;
  readonly aead: AeadName;
  readonly sharedSecret: Uint8Array;
  readonly psk: Uint8Array | undefined;
  /** Handshake messages through ServerHello, through the server's Finished, through the client's. */
  readonly throughServerHello: Uint8Array;
  readonly throughServerFinished: Uint8Array;
  readonly throughClientFinished?: Uint8Array | undefined;
  /** Of each NewSessionTicket. */
  readonly ticketNonces: readonly Uint8Array[];
}

/** Where a session stands; what the server has to keep depends on it. */
export type Phase = "handshake" | "connected";

const utf8 = new TextEncoder();

/** The key schedule of RFC 8446, Section 7.1, once more and by node:crypto: nothing of it is the product's. */
export class Tls13Schedule {
  readonly #hash: HashName;
  readonly #aead: AeadName;
  readonly #length: number;

  constructor(hash: HashName, aead: AeadName) {
    this.#hash = hash;
    this.#aead = aead;
    this.#length = hashLength[hash];
  }

  extract(salt: Uint8Array, input: Uint8Array): Uint8Array {
    return new Uint8Array(createHmac(this.#hash, salt).update(input).digest());
  }

  /** HKDF-Expand-Label; no result here is longer than the hash. */
  expand(
    secret: Uint8Array,
    label: string,
    context: Uint8Array = new Uint8Array(0),
    length = this.#length,
  ): Uint8Array {
    const name = utf8.encode(`tls13 ${label}`);
    const info = Uint8Array.of(0, length, name.length, ...name, context.length, ...context, 1);
    return new Uint8Array(createHmac(this.#hash, secret).update(info).digest().subarray(0, length));
  }

  derive(secret: Uint8Array, label: string, messages: Uint8Array = new Uint8Array(0)): Uint8Array {
    return this.expand(secret, label, new Uint8Array(createHash(this.#hash).update(messages).digest()));
  }

  early(psk?: Uint8Array): Uint8Array {
    return this.extract(new Uint8Array(this.#length), psk ?? new Uint8Array(this.#length));
  }

  handshakeSecret(sharedSecret: Uint8Array, psk?: Uint8Array): Uint8Array {
    return this.extract(this.derive(this.early(psk), "derived"), sharedSecret);
  }

  /** A traffic secret with all that is derived from it alone. */
  traffic(name: string, bytes: Uint8Array, isKept: boolean): NamedSecret[] {
    const keyLength = aeadKeyLength[this.#aead];
    const key = this.expand(bytes, "key", undefined, keyLength);
    return [
      this.#named(name, bytes, isKept),
      { name: `${name}: key`, bytes: key, aead: this.#aead, isKept },
      { name: `${name}: IV`, bytes: this.expand(bytes, "iv", undefined, 12), isKept },
      this.#named(`${name}: finished key`, this.expand(bytes, "finished"), false),
    ];
  }

  /** All secrets of a session; `updates` is how often both sides have renewed their keys. */
  all(facts: Tls13Facts, phase: Phase, updates = 0): NamedSecret[] {
    const { sharedSecret, psk, throughServerHello, throughServerFinished, throughClientFinished } = facts;
    const early = this.early(psk);
    const handshake = this.handshakeSecret(sharedSecret, psk);
    const master = this.extract(this.derive(handshake, "derived"), new Uint8Array(this.#length));
    const binder = this.derive(early, psk === undefined ? "ext binder" : "res binder");
    const isInHandshake = phase === "handshake";
    const handshakeTraffic = (label: string) => this.derive(handshake, label, throughServerHello);
    return [
      { name: "(EC)DHE shared secret", bytes: sharedSecret, hmac: this.#hash },
      ...psk === undefined ? [] : [
        this.#named("PSK", psk),
        // Without a PSK the early secret is a constant that everybody knows.
        this.#named("early secret", early),
        this.#named("early secret, derived", this.derive(early, "derived")),
        this.#named("binder key", binder),
        this.#named("binder finished key", this.expand(binder, "finished")),
      ],
      this.#named("handshake secret", handshake),
      this.#named("handshake secret, derived", this.derive(handshake, "derived")),
      ...this.traffic("client handshake traffic", handshakeTraffic("c hs traffic"), isInHandshake),
      ...this.traffic("server handshake traffic", handshakeTraffic("s hs traffic"), false),
      this.#named("master secret", master),
      this.#named("exporter master secret", this.derive(master, "exp master", throughServerFinished)),
      ...this.#generations("client", this.derive(master, "c ap traffic", throughServerFinished), {
        updates,
        isKept: !isInHandshake,
      }),
      ...this.#generations("server", this.derive(master, "s ap traffic", throughServerFinished), {
        updates,
        isKept: true,
      }),
      ...throughClientFinished === undefined ? [] : this.#resumption(
        this.derive(master, "res master", throughClientFinished),
        facts.ticketNonces,
      ),
    ];
  }

  #generations(
    side: string,
    first: Uint8Array,
    { updates, isKept }: { updates: number; isKept: boolean },
  ): NamedSecret[] {
    const secrets: NamedSecret[] = [];
    let secret = first;
    for (let generation = 0; generation <= updates; generation++) {
      const isCurrent = generation === updates;
      secrets.push(...this.traffic(`${side} application traffic ${generation}`, secret, isKept && isCurrent));
      secret = this.expand(secret, "traffic upd");
    }
    return secrets;
  }

  #resumption(secret: Uint8Array, ticketNonces: readonly Uint8Array[]): NamedSecret[] {
    const psks = ticketNonces.map((nonce, index) =>
      this.#named(`PSK of ticket ${index}`, this.expand(secret, "resumption", nonce))
    );
    return [this.#named("resumption master secret", secret), ...psks];
  }

  #named(name: string, bytes: Uint8Array, isKept = false): NamedSecret {
    return { name, bytes, hmac: this.#hash, isKept };
  }
}
