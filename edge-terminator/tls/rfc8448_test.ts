import assert from "node:assert/strict";
import { LockedPool } from "../../shared/memory/locked_pool.ts";
import { randomSecret } from "../../shared/libcrypto/random.ts";
import { EphemeralKeyPair } from "../../shared/libcrypto/key_agreement.ts";
import { ContentType, NamedGroup, SignatureScheme } from "../../shared/tls_constants.ts";
import { plainRecord } from "../../test/peer/hello_builder.ts";
import { joined } from "../../test/peer/scripted_client.ts";
import simple from "../../test/vectors/rfc8448/simple_1rtt.json" with { type: "json" };
import retry from "../../test/vectors/rfc8448/hello_retry_request.json" with { type: "json" };
import type { KeyPair } from "./key_exchange/key_pair.ts";
import { TlsServerEngine } from "./server_engine.ts";
import type { ReplayHooks } from "./server_options.ts";
import type { TlsSite } from "./site.ts";

const bytes = (hex: string) => Uint8Array.fromHex(hex);
const record = (message: string, version?: number) =>
  plainRecord(ContentType.handshake, bytes(message), version);

/** The certificate of a trace's Certificate message, without its extensions. */
function siteOf(certificateMessage: string): TlsSite {
  const message = bytes(certificateMessage);
  const certificate = message.subarray(4 + 1 + 3 + 3, message.length - 2);
  return {
    alpnProtocols: [],
    certificates: [{
      chain: [certificate],
      subjectKeyIdentifier: new Uint8Array(20),
      keyType: "rsa",
      signatureSchemes: [SignatureScheme.rsa_pss_rsae_sha256],
    }],
  };
}

/** Sends the trace's own EncryptedExtensions and, where it differs, its HelloRetryRequest: they say what we never do. */
function replaying(...messages: string[]): (message: Uint8Array) => Uint8Array {
  return (message) => {
    const type = message[0];
    const recorded = messages.map(bytes).find((candidate) => candidate[0] === type);
    return recorded !== undefined && (type === 8 || isRetry(message)) ? recorded : message;
  };
}

const isRetry = (message: Uint8Array) => message[0] === 2 && message[6] === 0xcf && message[7] === 0x21;
const signatureOf = (certificateVerify: string) => bytes(certificateVerify).subarray(8);

/** An x25519 key pair of the trace: libcrypto computes with the trace's own private key. */
function x25519Pair(pool: LockedPool, privateKey: string): KeyPair {
  using scalar = randomSecret(pool, 32);
  scalar.bytes.set(bytes(privateKey));
  return EphemeralKeyPair.fromX25519Scalar(scalar);
}

/** A key pair whose private half the trace does not tell: its secret is the trace's. */
function recordedPair(publicKey: Uint8Array, sharedSecret: string): KeyPair {
  return {
    publicKey,
    derive(pool) {
      const secret = pool.rent(sharedSecret.length / 2);
      secret.bytes.set(bytes(sharedSecret));
      return secret;
    },
    [Symbol.dispose]() {},
  };
}

function engineFor(pool: LockedPool, groups: number[], replay: ReplayHooks): TlsServerEngine {
  return new TlsServerEngine({ pool, groups, replay, sendsFlightEarly: false });
}

Deno.test("L14: the engine sends RFC 8448 section 3 byte for byte, and takes the client's Finished", () => {
  using pool = LockedPool.open({ totalBytes: 4096 });
  using engine = engineFor(pool, [NamedGroup.x25519], {
    generateKeyPair: () => x25519Pair(pool, simple.serverPrivateKey),
    randomBytes: () => bytes(simple.serverHello.slice(12, 76)),
    rewriteMessage: replaying(simple.encryptedExtensions),
  });
  engine.receive(record(simple.clientHello, 0x0301));
  engine.answerSite(siteOf(simple.certificate));
  engine.answerSignature(signatureOf(simple.certificateVerify));
  const expected = joined([record(simple.serverHello), bytes(simple.serverFlightRecord)]);
  assert.equal(engine.takeOutput()?.toHex(), expected.toHex());
  engine.receive(bytes(simple.clientFinishedRecord));
  assert.equal(engine.state, "connected");
});

Deno.test("L14: the engine sends RFC 8448 section 5, with its HelloRetryRequest, byte for byte", () => {
  using pool = LockedPool.open({ totalBytes: 4096 });
  const hello = bytes(retry.serverHello);
  using engine = engineFor(pool, [NamedGroup.secp256r1], {
    generateKeyPair: () =>
      recordedPair(hello.subarray(hello.length - 6 - 65, hello.length - 6), retry.sharedSecret),
    randomBytes: () => hello.subarray(6, 38),
    rewriteMessage: replaying(retry.helloRetryRequest, retry.encryptedExtensions),
  });
  engine.receive(record(retry.clientHello1, 0x0301));
  engine.answerSite(siteOf(retry.certificate));
  assert.equal(engine.takeOutput()?.toHex(), record(retry.helloRetryRequest).toHex());
  engine.receive(record(retry.clientHello2));
  engine.answerSignature(signatureOf(retry.certificateVerify));
  const expected = joined([record(retry.serverHello), bytes(retry.serverFlightRecord)]);
  assert.equal(engine.takeOutput()?.toHex(), expected.toHex());
});
