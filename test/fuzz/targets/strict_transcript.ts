import { deflateSync } from "node:zlib";
import { type Expected, transcriptHashOfMessages } from "../../../key-server/operations/strict.ts";
import { concatenate } from "../../../shared/codec/concatenate.ts";
import { KeylessError } from "../../../shared/keyless_protocol/errors.ts";
import { parseCertificate } from "../../../shared/libcrypto/x509.ts";
import {
  CertificateCompressionAlgorithm,
  HandshakeType,
  SignatureScheme,
} from "../../../shared/tls_constants.ts";
import { decodeCertificate } from "../../../shared/tls_messages/certificate.ts";
import { decodeClientHello, encodeClientHello } from "../../../shared/tls_messages/client_hello.ts";
import { encodeCompressedCertificate } from "../../../shared/tls_messages/compressed_certificate.ts";
import { compressCertificate } from "../../../shared/tls_messages/extensions/compress_certificate.ts";
import { encodeExtension } from "../../../shared/tls_messages/extensions/extension.ts";
import { type HandshakeMessage, splitHandshakeMessages } from "../../../shared/tls_messages/handshake.ts";
import { tracedHandshakeMessages } from "../corpus/handshake_seeds.ts";
import { type FuzzSubject, type FuzzTarget, promise } from "../fuzz_target.ts";
import { mutate } from "../mutate.ts";
import { outcomeOf } from "../outcome.ts";
import type { Random } from "../random.ts";

/** The messages that `strict` carries of each traced handshake: from a first ClientHello to its Certificate. */
function transcripts(): HandshakeMessage[][] {
  const found: HandshakeMessage[][] = [];
  let current: HandshakeMessage[] = [];
  for (const message of tracedHandshakeMessages()) {
    const retried = current.length === 2;
    if (message.type === HandshakeType.client_hello && !retried) current = [];
    current.push(message);
    if (message.type === HandshakeType.certificate) found.push([...current]);
  }
  return found;
}

/** The same handshake with its certificate compressed. */
function compressed(messages: readonly HandshakeMessage[]): Uint8Array[] {
  const hello = decodeClientHello(messages[0]!);
  const offer = encodeExtension(compressCertificate, [CertificateCompressionAlgorithm.zlib]);
  const { body } = messages.at(-1)!;
  return [
    encodeClientHello({ ...hello, extensions: [...hello.extensions, offer] }),
    ...messages.slice(1, -1).map(({ raw }) => raw),
    encodeCompressedCertificate({
      algorithm: CertificateCompressionAlgorithm.zlib,
      uncompressedLength: body.length,
      compressedCertificateMessage: deflateSync(body),
    }),
  ];
}

/** Handshake messages that an edge sends for `strict`: a hash, or bad-request. */
class StrictTranscriptSubject implements FuzzSubject {
  readonly seeds: readonly Uint8Array[];
  readonly #expected: Expected;

  constructor() {
    const found = transcripts();
    const { certificateList } = decodeCertificate(found[0]!.at(-1)!, new Set());
    this.#expected = {
      serverName: "server",
      signatureScheme: SignatureScheme.rsa_pss_rsae_sha256,
      subjectKeyIdentifier: parseCertificate(certificateList[0]!.certificate).subjectKeyIdentifier,
    };
    const plain = found.map((messages) => messages.map(({ raw }) => raw));
    this.seeds = [...plain, compressed(found[0]!)].map((parts) => concatenate(parts));
    for (const seed of this.seeds) {
      promise(this.run(seed).startsWith("hashed"), `a traced handshake is refused: ${this.run(seed)}`);
    }
  }

  run(input: Uint8Array): string {
    return outcomeOf(() => `hashed ${transcriptHashOfMessages(input, this.#expected).length}`, KeylessError);
  }

  /** Changes one message and puts its length right; or moves, repeats or leaves out a message. */
  mutate(input: Uint8Array, random: Random): Uint8Array {
    let messages: Uint8Array[];
    try {
      messages = splitHandshakeMessages(input).map(({ raw }) => raw);
    } catch {
      return input;
    }
    if (messages.length === 0) return input;
    const at = random.below(messages.length);
    const chosen = messages[at]!;
    if (random.oneIn(4)) messages.splice(at, random.below(2), random.pick(messages));
    else {
      const body = mutate(chosen.subarray(4), random, messages);
      messages[at] = Uint8Array.of(
        chosen[0]!,
        body.length >> 16,
        body.length >> 8 & 0xff,
        body.length & 0xff,
        ...body,
      );
    }
    return concatenate(messages);
  }
}

export const strictTranscriptTarget: FuzzTarget = {
  name: "strict-transcript",
  about: "handshake messages that the key server reads in strict mode",
  share: 3,
  open: () => new StrictTranscriptSubject(),
};
