import { concatenate } from "../../shared/codec/concatenate.ts";
import assert from "node:assert/strict";
import { LockedPool } from "../../shared/memory/locked_pool.ts";
import { randomSecret } from "../../shared/libcrypto/random.ts";
import { EphemeralKeyPair } from "../../shared/libcrypto/key_agreement.ts";
import { ContentType, NamedGroup, ProtocolVersion, SignatureScheme } from "../../shared/tls_constants.ts";
import { parseHandshake } from "../../shared/tls_messages/handshake.ts";
import { decodeNewSessionTicket } from "../../shared/tls_messages/new_session_ticket.ts";
import { plainRecord } from "../../test/peer/hello_builder.ts";
import clientAuthentication from "../../test/vectors/rfc8448/client_authentication.json" with {
  type: "json",
};
import compatibility from "../../test/vectors/rfc8448/compatibility_mode.json" with { type: "json" };
import resumed from "../../test/vectors/rfc8448/resumed_0rtt.json" with { type: "json" };
import simple from "../../test/vectors/rfc8448/simple_1rtt.json" with { type: "json" };
import retry from "../../test/vectors/rfc8448/hello_retry_request.json" with { type: "json" };
import type { KeyPair } from "./key_exchange/key_pair.ts";
import { TlsServerEngine } from "./server_engine.ts";
import type { ReplayHooks, TlsServerOptions } from "./server_options.ts";
import type { TlsSite } from "./site.ts";
import type { TicketPolicy } from "./tickets/ticket_policy.ts";

const bytes = (hex: string) => Uint8Array.fromHex(hex);
const record = (message: string, version?: number) =>
  plainRecord(ContentType.handshake, bytes(message), version);

/** The certificate of a trace's Certificate message, without its extensions. */
function siteOf(certificateMessage: string, isEcdsa = false): TlsSite {
  const message = bytes(certificateMessage);
  const certificate = message.subarray(4 + 1 + 3 + 3, message.length - 2);
  return {
    alpnProtocols: [],
    certificates: [{
      chain: [certificate],
      subjectKeyIdentifier: new Uint8Array(20),
      keyType: isEcdsa ? "ecdsa-p256" : "rsa",
      signatureSchemes: [
        isEcdsa ? SignatureScheme.ecdsa_secp256r1_sha256 : SignatureScheme.rsa_pss_rsae_sha256,
      ],
    }],
  };
}

/** Sends the trace's own messages where they say what we never do: EncryptedExtensions, and these two. */
function replaying(...messages: string[]): (message: Uint8Array) => Uint8Array {
  return (message) => {
    const type = message[0];
    const recorded = messages.map(bytes).find((candidate) => candidate[0] === type);
    return recorded !== undefined && (type === 8 || type === 13 || isRetry(message)) ? recorded : message;
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

function engineFor(
  pool: LockedPool,
  groups: number[],
  replay: ReplayHooks,
  options: Partial<TlsServerOptions> = {},
): TlsServerEngine {
  return new TlsServerEngine({ ...options, pool, groups, replay, sendsFlightEarly: false });
}

interface X25519Trace {
  readonly serverPrivateKey: string;
  readonly serverHello: string;
}

/** The server's random numbers and private key of a trace, and its messages that we would never send. */
const hooksOf = (pool: LockedPool, trace: X25519Trace, ...messages: string[]): ReplayHooks => ({
  generateKeyPair: () => x25519Pair(pool, trace.serverPrivateKey),
  randomBytes: () => bytes(trace.serverHello.slice(12, 76)),
  rewriteMessage: replaying(...messages),
});

Deno.test("L14: the engine sends RFC 8448 section 3 byte for byte, and takes the client's Finished", () => {
  using pool = LockedPool.open({ totalBytes: 4096 });
  using engine = engineFor(pool, [NamedGroup.x25519], hooksOf(pool, simple, simple.encryptedExtensions));
  engine.receive(record(simple.clientHello, 0x0301));
  engine.answerSite(siteOf(simple.certificate));
  engine.answerSignature(signatureOf(simple.certificateVerify));
  const expected = concatenate([record(simple.serverHello), bytes(simple.serverFlightRecord)]);
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
  const expected = concatenate([record(retry.serverHello), bytes(retry.serverFlightRecord)]);
  assert.equal(engine.takeOutput()?.toHex(), expected.toHex());
});

/**
 * A server that never takes 0-RTT cannot go through section 4 to its end: the trace's says in EncryptedExtensions that
 * it does, which is put into our mouth here, and EndOfEarlyData comes under keys that the engine never derives. What
 * comes before is the same: the ticket's PSK, the binder, the resumed key schedule, and the whole flight.
 */
Deno.test("L14: the engine resumes RFC 8448 section 4's session and sends its flight byte for byte", () => {
  using pool = LockedPool.open({ totalBytes: 4096 });
  const now = 1_000_000;
  const lifetime = 24 * 3600 * 1000;
  const { ticketAgeAdd: ageAdd, ticket } = decodeNewSessionTicket(
    parseHandshake(bytes(simple.newSessionTicket)),
  );
  const tickets: TicketPolicy = {
    keys: { sealingKey: () => undefined, openingKey: () => undefined },
    format: {
      seal: () => undefined,
      open(_pool, _keys, _domain, offered, secretLength) {
        assert.deepEqual(offered, ticket);
        const secret = pool.rent(secretLength);
        secret.bytes.set(bytes(resumed.psk));
        const state = {
          version: ProtocolVersion.TLSv1_3,
          cipherSuite: 0x1301,
          group: NamedGroup.x25519,
          issuedAt: now,
          lifetime,
          ageAdd,
          extendedMasterSecret: true,
          serverName: "server",
          epoch: 0,
          clientAuthentication: { policy: new Uint8Array(0) },
        };
        return { state, secret };
      },
    },
  };
  const hooks = hooksOf(pool, resumed, resumed.encryptedExtensions);
  using engine = engineFor(pool, [NamedGroup.x25519], hooks, { tickets, wallClock: () => now });
  engine.receive(concatenate([record(resumed.clientHello, 0x0301), bytes(resumed.earlyDataRecord)]));
  engine.answerSite(siteOf(simple.certificate));
  const expected = concatenate([record(resumed.serverHello), bytes(resumed.serverFlightRecord)]);
  assert.equal(engine.takeOutput()?.toHex(), expected.toHex());
  assert.equal(engine.state, "awaiting-finished");
});

Deno.test("L14: the engine sends RFC 8448 section 6 byte for byte, and takes the client's certificate and Finished", () => {
  using pool = LockedPool.open({ totalBytes: 4096 });
  const trace = clientAuthentication;
  const hooks = hooksOf(pool, trace, trace.encryptedExtensions, trace.certificateRequest);
  using engine = engineFor(pool, [NamedGroup.x25519], hooks);
  engine.receive(record(trace.clientHello, 0x0301));
  engine.answerSite({ ...siteOf(trace.certificate, true), clientCertificates: { mode: "required" } });
  engine.answerSignature(signatureOf(trace.certificateVerify));
  const expected = concatenate([record(trace.serverHello), bytes(trace.serverFlightRecords)]);
  assert.equal(engine.takeOutput()?.toHex(), expected.toHex());
  engine.receive(bytes(trace.clientFlightRecords));
  assert.equal(engine.state, "awaiting-peer-verification");
  engine.answerVerification({ accepted: true });
  assert.equal(engine.state, "connected");
  endsLike(engine, trace);
});

Deno.test("L14: the engine sends RFC 8448 section 7, in compatibility mode, byte for byte", () => {
  using pool = LockedPool.open({ totalBytes: 4096 });
  const trace = compatibility;
  using engine = engineFor(pool, [NamedGroup.x25519], hooksOf(pool, trace, trace.encryptedExtensions));
  engine.receive(record(trace.clientHello, 0x0301));
  engine.answerSite(siteOf(trace.certificate));
  engine.answerSignature(signatureOf(trace.certificateVerify));
  const expected = concatenate([record(trace.serverHello), bytes(trace.serverFlightRecords)]);
  assert.equal(engine.takeOutput()?.toHex(), expected.toHex());
  engine.receive(bytes(trace.clientFlightRecords));
  assert.equal(engine.state, "connected");
  endsLike(engine, trace);
});

/** Both close_notify, the first records under the application keys. */
function endsLike(
  engine: TlsServerEngine,
  trace: { readonly clientCloseNotifyRecord: string; readonly serverCloseNotifyRecord: string },
): void {
  engine.receive(bytes(trace.clientCloseNotifyRecord));
  engine.close();
  assert.equal(engine.takeOutput()?.toHex(), trace.serverCloseNotifyRecord);
  assert.equal(engine.state, "closed");
}
