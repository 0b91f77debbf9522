import assert from "node:assert/strict";
import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import { CipherSuite, HandshakeType, SignatureScheme } from "../../../shared/tls_constants.ts";
import { decodeCertificateTls12 } from "../../../shared/tls_messages/certificate_tls12.ts";
import { ScriptedTls12Client } from "../../../test/peer/scripted_tls12_client.ts";
import { ecdsaCertificate, rsaCertificate, TestServer } from "../../../test/peer/test_server.ts";

for (
  const [keyType, served, scheme, reason] of [
    ["rsa", rsaCertificate.served, SignatureScheme.ecdsa_secp256r1_sha256, "NO_SHARED_CIPHER"],
    ["ecdsa", ecdsaCertificate.served, SignatureScheme.rsa_pkcs1_sha256, "NO_COMMON_SIGNATURE_ALGORITHMS"],
  ] as const
) {
  Deno.test(`TLS 1.2: an ${keyType} key that cannot sign as the client accepts is refused as ${reason}`, () => {
    using pool = LockedPool.open({ totalBytes: 8192 });
    using client = new ScriptedTls12Client(pool, {
      cipherSuites: [0xc02b, 0xc02f],
      signatureSchemes: [scheme],
    });
    using server = new TestServer();
    server.site = { alpnProtocols: [], certificates: [served] };
    server.receive(client.start());
    assert.equal(server.event("failed").error.reason, reason);
  });
}

const {
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
  TLS_RSA_WITH_AES_128_GCM_SHA256,
} = CipherSuite;

for (
  const { decides, offered, spoken, schemes, expected: [keyType, suite] } of [
    {
      decides: "a suite for ECDSA keys",
      offered: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256],
      expected: ["ecdsa-p256", TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256],
    },
    {
      decides: "a suite for RSA keys",
      offered: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256],
      expected: ["rsa", TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256],
    },
    {
      decides: "RSA key exchange",
      offered: [TLS_RSA_WITH_AES_128_GCM_SHA256],
      spoken: [TLS_RSA_WITH_AES_128_GCM_SHA256],
      expected: ["rsa", TLS_RSA_WITH_AES_128_GCM_SHA256],
    },
    {
      decides: "the only common suite",
      offered: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256],
      spoken: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256],
      expected: ["rsa", TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256],
    },
    {
      decides: "the only common signature scheme",
      offered: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256],
      schemes: [SignatureScheme.ecdsa_secp256r1_sha256],
      expected: ["ecdsa-p256", TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256],
    },
    {
      decides: "a suite that signs nothing, next to one that no key may sign for,",
      offered: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_RSA_WITH_AES_128_GCM_SHA256],
      spoken: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_RSA_WITH_AES_128_GCM_SHA256],
      schemes: [SignatureScheme.ecdsa_secp256r1_sha256],
      expected: ["rsa", TLS_RSA_WITH_AES_128_GCM_SHA256],
    },
  ] as readonly Selection[]
) {
  Deno.test(`TLS 1.2: ${decides} decides which certificate is taken, whatever the site's order`, () => {
    const certificates = [ecdsaCertificate.served, rsaCertificate.served];
    for (const order of [certificates, certificates.toReversed()]) {
      using pool = LockedPool.open({ totalBytes: 8192 });
      using client = new ScriptedTls12Client(pool, {
        cipherSuites: offered,
        ...(schemes && { signatureSchemes: schemes }),
      });
      using server = new TestServer(spoken && { cipherSuites: spoken });
      server.site = { alpnProtocols: [], certificates: order };
      client.receive(server.receive(client.start()));
      const message = client.messages.find(({ type }) => type === HandshakeType.certificate)!;
      const { chain } = certificates.find((served) => served.keyType === keyType)!;
      assert.deepEqual(decodeCertificateTls12(message).certificateList, chain);
      assert.equal(client.serverHello?.cipherSuite, suite);
    }
  });
}

interface Selection {
  readonly decides: string;
  readonly offered: readonly number[];
  /** The server's; by default all but RSA key exchange. */
  readonly spoken?: readonly number[];
  readonly schemes?: readonly number[];
  readonly expected: readonly [keyType: string, suite: number];
}
