import assert from "node:assert/strict";
import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import { SignatureScheme } from "../../../shared/tls_constants.ts";
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
