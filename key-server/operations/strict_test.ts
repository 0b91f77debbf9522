import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { brotliCompressSync, deflateSync } from "node:zlib";
import { DevelopmentPki } from "../../certs/dev_pki.ts";
import { generateKeyPair } from "../../certs/key_pair.ts";
import { concatenate } from "../../shared/codec/concatenate.ts";
import { KeylessError } from "../../shared/keyless_protocol/errors.ts";
import { parseCertificate, pemToDer } from "../../shared/libcrypto/x509.ts";
import {
  CertificateCompressionAlgorithm,
  CipherSuite,
  ExtensionType,
  HandshakeType,
  NamedGroup,
  ProtocolVersion,
  SignatureScheme,
} from "../../shared/tls_constants.ts";
import { encodeCertificate } from "../../shared/tls_messages/certificate.ts";
import { encodeCertificateRequest } from "../../shared/tls_messages/certificate_request.ts";
import { encodeClientHello } from "../../shared/tls_messages/client_hello.ts";
import { encodeCompressedCertificate } from "../../shared/tls_messages/compressed_certificate.ts";
import { encodeEncryptedExtensions } from "../../shared/tls_messages/encrypted_extensions.ts";
import { compressCertificate } from "../../shared/tls_messages/extensions/compress_certificate.ts";
import { encodeExtension, type Extension } from "../../shared/tls_messages/extensions/extension.ts";
import {
  keyShareClientHello,
  keyShareHelloRetryRequest,
  keyShareServerHello,
} from "../../shared/tls_messages/extensions/key_share.ts";
import { serverName } from "../../shared/tls_messages/extensions/server_name.ts";
import { signatureAlgorithms } from "../../shared/tls_messages/extensions/signature_algorithms.ts";
import {
  selectedVersion,
  supportedVersions,
} from "../../shared/tls_messages/extensions/supported_versions.ts";
import { supportedGroups } from "../../shared/tls_messages/extensions/supported_groups.ts";
import {
  encodeServerHello,
  helloRetryRequestRandom,
  tls13ServerHelloConstants,
} from "../../shared/tls_messages/server_hello.ts";
import { type Expected, transcriptHashOfMessages } from "./strict.ts";

const pki = await DevelopmentPki.create();
const keys = await generateKeyPair();
const name = "www.holdfast.test";
const chain = pemToDer(await pki.siteCertificate(keys.publicKeyInfo, [name]));
const { subjectKeyIdentifier } = parseCertificate(chain[0]!);
const otherChain = pemToDer(await pki.siteCertificate((await generateKeyPair()).publicKeyInfo, [name]));
const scheme = SignatureScheme.ecdsa_secp256r1_sha256;
const expected: Expected = { serverName: name, signatureScheme: scheme, subjectKeyIdentifier };
const { TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256 } = CipherSuite;
const share = { group: NamedGroup.x25519, keyExchange: new Uint8Array(32) };

interface HelloChanges {
  readonly sni?: string | undefined;
  readonly versions?: number[];
  readonly schemes?: number[];
  readonly suites?: number[];
}

function clientHello(changes: HelloChanges = {}): Uint8Array {
  const sni = "sni" in changes ? changes.sni : name;
  const extensions: Extension[] = [
    ...(sni === undefined ? [] : [encodeExtension(serverName, sni)]),
    encodeExtension(supportedVersions, changes.versions ?? [ProtocolVersion.TLSv1_3]),
    encodeExtension(signatureAlgorithms, changes.schemes ?? [SignatureScheme.ed25519, scheme]),
    encodeExtension(supportedGroups, [share.group]),
    encodeExtension(keyShareClientHello, [share]),
    encodeExtension(compressCertificate, [1, 2]),
  ];
  return encodeClientHello({
    legacyVersion: 0x0303,
    random: new Uint8Array(32).fill(1),
    legacySessionId: new Uint8Array(0),
    cipherSuites: changes.suites ??
      [TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256],
    legacyCompressionMethods: new Uint8Array(1),
    extensions,
  });
}

function serverHello(cipherSuite: number = TLS_AES_128_GCM_SHA256, extra: Extension[] = []): Uint8Array {
  return encodeServerHello({
    ...tls13ServerHelloConstants,
    random: new Uint8Array(32).fill(2),
    legacySessionIdEcho: new Uint8Array(0),
    cipherSuite,
    extensions: [
      encodeExtension(selectedVersion, ProtocolVersion.TLSv1_3),
      encodeExtension(keyShareServerHello, share),
      ...extra,
    ],
  });
}

function retry(cipherSuite: number = TLS_AES_128_GCM_SHA256): Uint8Array {
  return encodeServerHello({
    ...tls13ServerHelloConstants,
    random: helloRetryRequestRandom,
    legacySessionIdEcho: new Uint8Array(0),
    cipherSuite,
    extensions: [
      encodeExtension(selectedVersion, ProtocolVersion.TLSv1_3),
      encodeExtension(keyShareHelloRetryRequest, share.group),
    ],
  });
}

const encryptedExtensions = encodeEncryptedExtensions([]);
const certificateRequest = encodeCertificateRequest({
  certificateRequestContext: new Uint8Array(0),
  extensions: [encodeExtension(signatureAlgorithms, [scheme])],
});

function certificate(list: readonly Uint8Array[] = chain, context = new Uint8Array(0)): Uint8Array {
  return encodeCertificate({
    certificateRequestContext: context,
    certificateList: list.map((der) => ({ certificate: der, extensions: [] })),
  });
}

function compressed(
  algorithm: number,
  body: Uint8Array,
  uncompressedLength = certificate().length - 4,
): Uint8Array {
  return encodeCompressedCertificate({ algorithm, uncompressedLength, compressedCertificateMessage: body });
}

function hashOf(...messages: Uint8Array[]): Uint8Array {
  return transcriptHashOfMessages(concatenate(messages), expected);
}

function plainHash(hash: string, ...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(createHash(hash).update(concatenate(parts)).digest());
}

for (
  const [suite, hash] of [
    [TLS_AES_128_GCM_SHA256, "sha256"],
    [TLS_AES_256_GCM_SHA384, "sha384"],
    [TLS_CHACHA20_POLY1305_SHA256, "sha256"],
  ] as const
) {
  Deno.test(`the transcript of suite 0x${suite.toString(16)} is hashed with ${hash}`, () => {
    const messages = [clientHello(), serverHello(suite), encryptedExtensions, certificate()];
    assert.deepEqual(hashOf(...messages), plainHash(hash, ...messages));
  });
}

Deno.test("a CertificateRequest may stand before the Certificate", () => {
  const messages = [clientHello(), serverHello(), encryptedExtensions, certificateRequest, certificate()];
  assert.deepEqual(hashOf(...messages), plainHash("sha256", ...messages));
});

Deno.test("after a HelloRetryRequest the first ClientHello is hashed as message_hash", () => {
  const suite = TLS_AES_256_GCM_SHA384;
  const first = clientHello();
  const rest = [retry(suite), clientHello(), serverHello(suite), encryptedExtensions, certificate()];
  const synthetic = new Uint8Array([HandshakeType.message_hash, 0, 0, 48, ...plainHash("sha384", first)]);
  assert.deepEqual(hashOf(first, ...rest), plainHash("sha384", synthetic, ...rest));
});

Deno.test("an absent SNI is the empty server name, and neither stands for the other", () => {
  const messages = (sni: string | undefined) =>
    concatenate([clientHello({ sni }), serverHello(), encryptedExtensions, certificate()]);
  assert.ok(transcriptHashOfMessages(messages(undefined), { ...expected, serverName: "" }));
  assert.throws(() => transcriptHashOfMessages(messages(undefined), expected), KeylessError);
  assert.throws(
    () => transcriptHashOfMessages(messages(name), { ...expected, serverName: "" }),
    KeylessError,
  );
});

Deno.test("a compressed certificate is read through zlib and brotli, and hashed as it was sent", () => {
  const { zlib, brotli } = CertificateCompressionAlgorithm;
  const body = certificate().subarray(4);
  for (const message of [compressed(zlib, deflateSync(body)), compressed(brotli, brotliCompressSync(body))]) {
    const messages = [clientHello(), serverHello(), encryptedExtensions, message];
    assert.deepEqual(hashOf(...messages), plainHash("sha256", ...messages));
  }
});

const body = certificate().subarray(4);
const bomb = deflateSync(new Uint8Array(50_000_000));
const preSharedKey = { type: ExtensionType.pre_shared_key, data: new Uint8Array(2) };
const [ch, sh, ee, cert] = [clientHello(), serverHello(), encryptedExtensions, certificate()];
const refusals: [string, Uint8Array[], RegExp?][] = [
  ["nothing at all", []],
  ["messages that end early", [ch, sh, ee], /end before the Certificate/],
  ["a message after the Certificate", [ch, sh, ee, cert, ee], /follow the Certificate/],
  ["a second Certificate", [ch, sh, ee, cert, cert], /follow the Certificate/],
  ["no EncryptedExtensions", [ch, sh, cert]],
  ["messages in another order", [ch, ee, sh, cert]],
  ["no ClientHello", [sh, ee, cert]],
  ["a second ClientHello without a retry", [ch, ch, sh, ee, cert]],
  ["two retries", [ch, retry(), ch, retry(), ch, sh, ee, cert], /no ServerHello/],
  ["a retry of another suite", [ch, retry(TLS_AES_256_GCM_SHA384), ch, sh, ee, cert], /another cipher suite/],
  ["two CertificateRequests", [ch, sh, ee, certificateRequest, certificateRequest, cert]],
  ["a last message that is cut", [ch, sh, ee, cert.subarray(0, -1)], /malformed/],
  ["a ClientHello that is cut", [ch.subarray(0, -1), sh, ee, cert], /malformed/],
  ["another server name", [clientHello({ sni: "other.test" }), sh, ee, cert], /server name is another/],
  [
    "another server name after the retry",
    [ch, retry(), clientHello({ sni: "other.test" }), sh, ee, cert],
    /another/,
  ],
  [
    "another server name before the retry",
    [clientHello({ sni: "other.test" }), retry(), ch, sh, ee, cert],
    /another/,
  ],
  ["a scheme that was not offered", [clientHello({ schemes: [0x0804] }), sh, ee, cert], /signature scheme/],
  ["a client without TLS 1.3", [clientHello({ versions: [0x0303] }), sh, ee, cert], /does not offer TLS 1.3/],
  ["a suite that was not offered", [clientHello({ suites: [0x1302] }), sh, ee, cert], /cipher suite/],
  ["a suite that TLS 1.3 does not have", [ch, serverHello(0xc02b), ee, cert], /cipher suite/],
  ["a resumed session", [ch, serverHello(0x1301, [preSharedKey]), ee, cert]],
  ["another key's certificate", [ch, sh, ee, certificate(otherChain)], /of another key/],
  [
    "the key's certificate behind another's",
    [ch, sh, ee, certificate([...otherChain, ...chain])],
    /another key/,
  ],
  ["an empty chain", [ch, sh, ee, certificate([])], /no server's/],
  ["a client's Certificate", [ch, sh, ee, certificate(chain, new Uint8Array(1))], /no server's/],
  ["a leaf that is no certificate", [ch, sh, ee, certificate([new Uint8Array(9)])], /cannot be read/],
  ["a compression that was not offered", [ch, sh, ee, compressed(3, body)], /inflated/],
  ["compressed bytes of nothing", [ch, sh, ee, compressed(1, new Uint8Array(9))], /inflated/],
  [
    "a compressed certificate longer than announced",
    [ch, sh, ee, compressed(1, deflateSync(body), 10)],
    /inflated/,
  ],
  ["one shorter than announced", [ch, sh, ee, compressed(1, deflateSync(body), body.length + 1)], /inflated/],
  ["one that would inflate to 50 MB", [ch, sh, ee, compressed(1, bomb, 50_000)], /inflated/],
  ["one announced as longer than any", [ch, sh, ee, compressed(1, bomb, 0xffffff)], /malformed/],
];
for (const [what, messages, words] of refusals) {
  Deno.test(`strict refuses ${what} as a bad request`, () => {
    assert.throws(() => hashOf(...messages), (error) => {
      assert.ok(error instanceof KeylessError, String(error));
      assert.equal(error.code, "bad-request");
      if (words !== undefined) assert.match(error.reason, words);
      return true;
    });
  });
}

Deno.test("strict refuses every truncation of a good transcript", () => {
  const whole = concatenate([ch, sh, ee, cert]);
  for (let length = 0; length < whole.length; length++) {
    assert.throws(() => transcriptHashOfMessages(whole.subarray(0, length), expected), KeylessError);
  }
});
