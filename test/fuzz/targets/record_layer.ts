import { RecordLayer } from "../../../edge-terminator/tls/record/record_layer.ts";
import { Tls13RecordKeys } from "../../../edge-terminator/tls/record/tls13_record_keys.ts";
import { TrafficKeys } from "../../../edge-terminator/tls/key_schedule/traffic_keys.ts";
import { concatenate } from "../../../shared/codec/concatenate.ts";
import { aeadKeyLength, type AeadName, keyAead, recordNonce } from "../../../shared/libcrypto/aead.ts";
import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import type { Secret } from "../../../shared/memory/secret.ts";
import { ContentType } from "../../../shared/tls_constants.ts";
import { TlsError } from "../../../shared/tls_messages/errors.ts";
import { ByteSource } from "../byte_source.ts";
import { readRecordings } from "../corpus/recording.ts";
import { type FuzzSubject, type FuzzTarget, promise, sameBytes } from "../fuzz_target.ts";
import { outcomeOf } from "../outcome.ts";

const aeads: readonly AeadName[] = ["aes-128-gcm", "aes-256-gcm", "chacha20-poly1305"];

function fixedSecret(pool: LockedPool, length: number, fill: number): Secret {
  const secret = pool.rent(length);
  secret.bytes.fill(fill);
  return secret;
}

function fixedKeys(pool: LockedPool, aead: AeadName): TrafficKeys {
  return new TrafficKeys(aead, fixedSecret(pool, aeadKeyLength[aead], 5), fixedSecret(pool, 12, 6));
}

/** Seals any TLSInnerPlaintext, which an honest sender would not (RFC 8446, Section 5.2). */
function sealInner(pool: LockedPool, aead: AeadName, sequence: number, inner: Uint8Array): Uint8Array {
  using keys = fixedKeys(pool, aead);
  const length = inner.length + 16;
  const record = new Uint8Array(5 + length);
  record.set([ContentType.application_data, 3, 3, length >> 8, length & 0xff]);
  const nonce = new Uint8Array(12);
  recordNonce(keys.iv, sequence, nonce);
  using keyed = keyAead(aead, keys.key, "seal");
  keyed.seal(nonce, record.subarray(0, 5), inner, record.subarray(5));
  return record;
}

/**
 * The record layer's reading side: records in the clear, protected records with damage, and well-protected records with
 * any content. The first byte chooses; the second cuts the stream.
 */
class RecordLayerSubject implements FuzzSubject {
  readonly #pool = LockedPool.open({ totalBytes: 64 * 64 });
  readonly seeds: readonly Uint8Array[];

  constructor() {
    const streams = readRecordings().flatMap(({ fromClient, fromServer }) => [fromClient, fromServer]);
    const contents = [
      "17",
      "616263" + "17",
      "0100" + "15",
      "01" + "16" + "00".repeat(40),
      "00".repeat(30),
      "",
    ];
    const sealed = contents.map((inner, index) =>
      sealInner(this.#pool, aeads[index % 3]!, 0, Uint8Array.fromHex(inner))
    );
    this.seeds = [
      ...streams.map((stream, index) => Uint8Array.of(0, index * 7, ...stream)),
      ...sealed.map((record, index) => Uint8Array.of(1 + index % 3, 0, ...record, ...record)),
      ...contents.map((inner, index) => {
        const bytes = Uint8Array.fromHex(inner);
        return Uint8Array.of(4 + index % 3, 9, bytes.length, ...bytes, 3, 1, 2, 0x17);
      }),
    ];
  }

  run(input: Uint8Array): string {
    const source = new ByteSource(input);
    const mode = source.below(7);
    const step = source.byte() || Infinity;
    const aead = mode === 0 ? undefined : aeads[(mode - 1) % 3];
    const inners = mode > 3 ? this.#inners(source) : undefined;
    const stream = inners === undefined
      ? source.rest()
      : concatenate(inners.map((inner, index) => sealInner(this.#pool, aead!, index, inner)));
    const outcome = outcomeOf(() => this.#read(stream, step, aead, inners), TlsError);
    promise(this.#pool.blocksInUse === 0, `${this.#pool.blocksInUse} blocks were not returned`);
    return `${mode} ${outcome}`;
  }

  [Symbol.dispose](): void {
    this.#pool[Symbol.dispose]();
  }

  #inners(source: ByteSource): Uint8Array[] {
    const inners: Uint8Array[] = [];
    while (!source.done && inners.length < 40) inners.push(source.bytes(source.byte()));
    return inners;
  }

  #read(stream: Uint8Array, step: number, aead?: AeadName, inners?: readonly Uint8Array[]): string {
    using layer = new RecordLayer();
    if (aead !== undefined) layer.setReadKeys(new Tls13RecordKeys(fixedKeys(this.#pool, aead)));
    const types = new Set<number>();
    const contents: Uint8Array[] = [];
    for (let at = 0; at < stream.length; at += step) {
      layer.reader.push(stream.slice(at, at + step));
      for (let incoming = layer.next(); incoming !== undefined; incoming = layer.next()) {
        types.add(incoming.type);
        contents.push(incoming.content);
      }
      layer.reader.settle();
    }
    const whole = concatenate(contents);
    promise(whole.length <= stream.length, "more content came out than bytes went in");
    if (inners !== undefined) {
      promise(sameBytes(whole, concatenate(inners.map(contentOf))), "content differs from what was sealed");
    }
    return `types ${[...types]}`;
  }
}

/** What is left of a TLSInnerPlaintext without padding and content type (RFC 8446, Section 5.4). */
function contentOf(inner: Uint8Array): Uint8Array {
  const end = inner.findLastIndex((byte) => byte !== 0);
  return inner.subarray(0, Math.max(0, end));
}

export const recordLayerTarget: FuzzTarget = {
  name: "record-layer",
  about: "records of TLS 1.3, in the clear, damaged, and with any content",
  share: 4,
  open: () => new RecordLayerSubject(),
};
