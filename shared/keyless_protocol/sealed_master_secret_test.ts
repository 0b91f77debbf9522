import assert from "node:assert/strict";
import { EphemeralKeyPair } from "../libcrypto/key_agreement.ts";
import { randomSecret } from "../libcrypto/random.ts";
import { LockedPool } from "../memory/locked_pool.ts";
import type { RsaKeyExchangeRequest } from "./operations.ts";
import { openMasterSecret, sealMasterSecret } from "./sealed_master_secret.ts";

function requestFor(recipient: EphemeralKeyPair): RsaKeyExchangeRequest {
  return {
    operation: "rsa-key-exchange",
    role: "server",
    subjectKeyIdentifier: new Uint8Array(20).fill(1),
    serverName: "www.test",
    deadline: 1000,
    clientVersion: 0x0303,
    prfHash: "sha256",
    seed: { form: "extended", sessionHash: new Uint8Array(32).fill(2) },
    encryptedPreMasterSecret: new Uint8Array(256).fill(3),
    recipientPublicKey: recipient.publicKey,
  };
}

Deno.test("a sealed master secret opens from pool to pool for its own request", () => {
  using keyServers = LockedPool.open({ totalBytes: 65_536, blockSize: 1024 });
  using edges = LockedPool.open({ totalBytes: 65_536 });
  using recipient = EphemeralKeyPair.generate("x25519");
  const request = requestFor(recipient);
  {
    using master = randomSecret(keyServers, 48);
    const answer = sealMasterSecret(keyServers, request, master);
    assert.equal(answer.ciphertext.length, 64);
    using opened = openMasterSecret(edges, recipient, request, answer);
    assert.deepEqual(opened.bytes, master.bytes);
  }
  assert.equal(keyServers.blocksInUse + edges.blocksInUse, 0);
});

Deno.test("a sealed master secret opens for no other request, key or ciphertext", () => {
  using pool = LockedPool.open({ totalBytes: 65_536 });
  using recipient = EphemeralKeyPair.generate("x25519");
  using stranger = EphemeralKeyPair.generate("x25519");
  const request = requestFor(recipient);
  using master = randomSecret(pool, 48);
  const answer = sealMasterSecret(pool, request, master);
  const others: RsaKeyExchangeRequest[] = [
    { ...request, deadline: 1001 },
    { ...request, serverName: "" },
    { ...request, clientVersion: 0x0304 },
    { ...request, encryptedPreMasterSecret: new Uint8Array(256).fill(4) },
    { ...request, seed: { form: "extended", sessionHash: new Uint8Array(32) } },
    { ...request, recipientPublicKey: stranger.publicKey },
  ];
  for (const other of others) {
    assert.throws(() => openMasterSecret(pool, recipient, other, answer), { name: "HpkeError" });
  }
  assert.throws(() => openMasterSecret(pool, stranger, request, answer), { name: "HpkeError" });
  const changed = answer.ciphertext.with(5, answer.ciphertext[5]! ^ 1);
  assert.throws(() => openMasterSecret(pool, recipient, request, { ...answer, ciphertext: changed }), {
    name: "HpkeError",
  });
  assert.equal(pool.blocksInUse, 1);
});
