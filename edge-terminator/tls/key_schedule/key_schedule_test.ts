import assert from "node:assert/strict";
import { digest } from "../../../shared/libcrypto/digest.ts";
import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import type { Secret } from "../../../shared/memory/secret.ts";
import trace from "../../../test/vectors/rfc8448/simple_1rtt.json" with { type: "json" };
import resumed from "../../../test/vectors/rfc8448/resumed_0rtt.json" with { type: "json" };
import { EarlySecret } from "./early_secret.ts";
import type { TranscriptHash, TranscriptPoint } from "./transcript_hash.ts";

const bytes = (hex: string) => Uint8Array.fromHex(hex);

function openPool(): LockedPool {
  return LockedPool.open({ totalBytes: 64 * 64 });
}

function secretOf(pool: LockedPool, hex: string): Secret {
  const secret = pool.rent(hex.length / 2);
  secret.bytes.set(bytes(hex));
  return secret;
}

function transcriptHash<Point extends TranscriptPoint>(
  _point: Point,
  ...messages: string[]
): TranscriptHash<Point> {
  return digest("sha256", ...messages.map(bytes)) as Uint8Array as TranscriptHash<Point>;
}

function assertSecret(secret: { readonly bytes: Uint8Array }, expected: string): void {
  assert.equal(secret.bytes.toHex(), expected);
}

/** The messages of the trace through one point. */
const throughServerHello = [trace.clientHello, trace.serverHello];
const throughCertificateVerify = [
  ...throughServerHello,
  trace.encryptedExtensions,
  trace.certificate,
  trace.certificateVerify,
];
const throughServerFinished = [...throughCertificateVerify, trace.serverFinished];

Deno.test("L14: the handshake traffic keys and both Finished match RFC 8448 section 3", () => {
  using pool = openPool();
  using shared = secretOf(pool, trace.sharedSecret);
  using handshake = EarlySecret.extract(pool, "sha256").intoHandshakeSecret(shared);
  const point = transcriptHash("server-hello", ...throughServerHello);
  using client = handshake.clientTrafficSecret(point);
  using server = handshake.serverTrafficSecret(point);
  using clientKeys = client.trafficKeys("aes-128-gcm");
  using serverKeys = server.trafficKeys("aes-128-gcm");
  assertSecret(clientKeys.key, trace.clientHandshakeKey);
  assertSecret(clientKeys.iv, trace.clientHandshakeIv);
  assertSecret(serverKeys.key, trace.serverHandshakeKey);
  assertSecret(serverKeys.iv, trace.serverHandshakeIv);
  const serverFinished = server.finishedVerifyData(
    transcriptHash("certificate-verify", ...throughCertificateVerify),
  );
  assert.equal(serverFinished.toHex(), trace.serverFinished.slice(8));
  const clientFinished = client.finishedVerifyData(
    transcriptHash("server-finished", ...throughServerFinished),
  );
  assert.equal(clientFinished.toHex(), trace.clientFinished.slice(8));
});

Deno.test("L14: the application traffic keys match RFC 8448 section 3", () => {
  using pool = openPool();
  using shared = secretOf(pool, trace.sharedSecret);
  using master = EarlySecret.extract(pool, "sha256").intoHandshakeSecret(shared).intoMasterSecret();
  const point = transcriptHash("server-finished", ...throughServerFinished);
  using client = master.clientApplicationTrafficSecret(point);
  using server = master.serverApplicationTrafficSecret(point);
  using clientKeys = client.trafficKeys("aes-128-gcm");
  using serverKeys = server.trafficKeys("aes-128-gcm");
  assertSecret(clientKeys.key, trace.clientApplicationKey);
  assertSecret(clientKeys.iv, trace.clientApplicationIv);
  assertSecret(serverKeys.key, trace.serverApplicationKey);
  assertSecret(serverKeys.iv, trace.serverApplicationIv);
});

Deno.test("L14: the resumption PSK and the binder of the next handshake match RFC 8448 sections 3 and 4", () => {
  using pool = openPool();
  using shared = secretOf(pool, trace.sharedSecret);
  using resumption = EarlySecret.extract(pool, "sha256").intoHandshakeSecret(shared).intoMasterSecret()
    .intoResumptionMasterSecret(
      transcriptHash("client-finished", ...throughServerFinished, trace.clientFinished),
    );
  using psk = resumption.ticketPsk(bytes("0000"));
  assertSecret(psk, resumed.psk);
  using early = EarlySecret.extract(pool, "sha256", psk);
  using binderKey = early.resumptionBinderKey();
  const binder = binderKey.binder(bytes(resumed.binderHash));
  assert.equal(resumed.clientHello.slice(-64), binder.toHex());
});

Deno.test("the key schedule returns every block it rented", () => {
  using pool = openPool();
  {
    using shared = secretOf(pool, trace.sharedSecret);
    using master = EarlySecret.extract(pool, "sha384").intoHandshakeSecret(shared).intoMasterSecret();
    using server = master.serverApplicationTrafficSecret(transcriptHash("server-finished"));
    using next = server.intoNext();
    using keys = next.trafficKeys("aes-256-gcm");
    assert.equal(keys.key.length, 32);
  }
  assert.equal(pool.blocksInUse, 0);
});

Deno.test("the key schedule gives back what it holds when the pool runs dry", () => {
  for (let blocks = 1; blocks < 9; blocks++) {
    using pool = LockedPool.open({ totalBytes: 64 * blocks });
    assert.throws(() => {
      using shared = pool.rent(32);
      using handshake = EarlySecret.extract(pool, "sha256").intoHandshakeSecret(shared);
      const point = transcriptHash("server-hello");
      using client = handshake.clientTrafficSecret(point);
      using server = handshake.serverTrafficSecret(point);
      using _clientKeys = client.trafficKeys("aes-128-gcm");
      using _serverKeys = server.trafficKeys("aes-128-gcm");
      using _more = pool.rent(64);
      using _most = pool.rent(64);
    });
    assert.equal(pool.blocksInUse, 0, `${blocks} blocks`);
  }
});

Deno.test("a consumed secret derives nothing more", () => {
  using pool = openPool();
  using shared = pool.rent(32);
  const early = EarlySecret.extract(pool, "sha256");
  using _handshake = early.intoHandshakeSecret(shared);
  assert.throws(() => early.intoHandshakeSecret(shared), { code: "secret-consumed" });
});

Deno.test("a wrong order does not type-check", () => {
  // Never called: the compiler is the test.
  const _misuse = (early: EarlySecret, shared: Secret, hash: TranscriptHash<"server-hello">) => {
    // @ts-expect-error: the master secret comes after the handshake secret
    early.intoMasterSecret();
    const handshake = early.intoHandshakeSecret(shared);
    // @ts-expect-error: application traffic secrets come of the master secret
    handshake.clientApplicationTrafficSecret(hash);
    // @ts-expect-error: any bytes are no transcript hash
    handshake.clientTrafficSecret(new Uint8Array(32));
    // @ts-expect-error: this hash ends at ServerHello, the secret wants the server's Finished
    handshake.intoMasterSecret().clientApplicationTrafficSecret(hash);
  };
  assert.equal(typeof _misuse, "function");
});
