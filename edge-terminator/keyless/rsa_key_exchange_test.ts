/** RSA key exchange through the signer, against real key servers over SoftHSM. */
import assert from "node:assert/strict";
import { writeIdentity } from "../../certs/write.ts";
import { parseCertificate } from "../../shared/libcrypto/x509.ts";
import { secureHeapBytesUsed } from "../../shared/libcrypto/secure_heap.ts";
import { LockedPool } from "../../shared/memory/locked_pool.ts";
import { edgeIdentity, keyServerName } from "../../test/harness/identities.ts";
import { Installation } from "../../test/harness/installation.ts";
import { ownLoopbackAddress } from "../../test/harness/loopback.ts";
import { poll } from "../../test/harness/poll.ts";
import { randomPremaster, RsaEncrypter } from "../../test/harness/rsa_ciphertexts.ts";
import { TemporaryFolder } from "../../test/harness/temporary_folder.ts";
import { testMasterSecret } from "../../test/harness/tls12_master_secret.ts";
import { loadCertificate } from "../certificates/chain_loader.ts";
import type { RsaDecryptionRequest } from "../tls/server_events.ts";
import { openRemoteSigner } from "./remote_signer.ts";

const deadline = 10_000;
const seed = {
  form: "randoms",
  clientRandom: new Uint8Array(32).fill(1),
  serverRandom: new Uint8Array(32),
} as const;

/** Two key servers with one RSA key, and a signer that prefers the first. */
async function setStage(parts: AsyncDisposableStack) {
  const folder = parts.use(await TemporaryFolder.create()).path;
  const keys = [{ name: "www-rsa", type: "rsa-2048", decrypts: true }] as const;
  const installation = await Installation.create({ folder, host: ownLoopbackAddress(), keys });
  await writeIdentity(folder, "edge-pop1", await installation.pki.edgeIdentity(edgeIdentity("pop1")));
  const keyServers = [0, 1].map((index) => ({
    name: keyServerName,
    address: installation.address("keyServer", index),
    ca: installation.file("key-server-ca.pem"),
  }));
  const servers = [];
  for (const index of [0, 1]) servers.push(parts.use(await installation.startKeyServer({ index })));
  const identity = {
    certificate: installation.file("edge-pop1.pem"),
    privateKey: installation.file("edge-pop1.key"),
  };
  const signer = openRemoteSigner({ keyServers, identity, transcript: "hash" });
  parts.defer(() => signer.close());
  const certificate = await loadCertificate(installation.file("www-rsa.pem"));
  const encrypter = new RsaEncrypter(parseCertificate(certificate.chain[0]!).subjectPublicKeyInfo);
  const request = (encryptedPreMasterSecret: Uint8Array): RsaDecryptionRequest => ({
    kind: "rsa-key-exchange",
    certificate,
    serverName: installation.names[0],
    clientVersion: 0x0303,
    hash: "sha256",
    seed,
    encryptedPreMasterSecret,
  });
  return { servers, signer, encrypter, request };
}

Deno.test("master secrets of good and bad premasters come into the pool, the same from every key server", async () => {
  await using parts = new AsyncDisposableStack();
  const pool = parts.use(LockedPool.open({ totalBytes: 65_536 }));
  const { servers, signer, encrypter, request } = await setStage(parts);
  const masterOf = async (ciphertext: Uint8Array) => {
    using master = await signer.exchangeRsaKey(request(ciphertext), { deadline, pool });
    return master.bytes.toHex();
  };
  const premaster = randomPremaster();
  const good = encrypter.encrypt(premaster);
  const bad = [
    encrypter.ofClass("bad padding"),
    new Uint8Array(0),
    new Uint8Array(255),
    // Longer than the protocol carries.
    new Uint8Array(1025).fill(3),
  ];
  assert.equal(await masterOf(good), testMasterSecret("sha256", premaster, seed).toHex());
  const heap = secureHeapBytesUsed();
  const answers = await Promise.all(bad.map(masterOf));
  assert.equal(new Set(answers).size, 3, "none and too long are the same");

  await poll("both channels", () => signer.health().every(({ connected }) => connected));
  await servers[0]!.kill();
  await poll("notice", () => signer.health()[0]?.connected === false);
  assert.equal(await masterOf(good), testMasterSecret("sha256", premaster, seed).toHex());
  assert.deepEqual(await Promise.all(bad.map(masterOf)), answers, "asking elsewhere tells nothing");
  assert.equal(pool.blocksInUse, 0);
  assert.equal(secureHeapBytesUsed(), heap, "no HPKE key is left");
});

Deno.test("without a key server the exchange fails at its deadline, and leaves nothing behind", async () => {
  await using parts = new AsyncDisposableStack();
  const pool = parts.use(LockedPool.open({ totalBytes: 65_536 }));
  const { servers, signer, encrypter, request } = await setStage(parts);
  const ask = (deadline: number) =>
    signer.exchangeRsaKey(request(encrypter.ofClass("good")), { deadline, pool });
  (await ask(deadline))[Symbol.dispose]();
  const heap = secureHeapBytesUsed();
  for (const server of servers) await server.kill();
  await poll("notice", () => signer.health().every(({ connected }) => !connected));
  await assert.rejects(ask(200), { code: "no-key-server" });
  assert.equal(pool.blocksInUse, 0);
  assert.equal(secureHeapBytesUsed(), heap);
});
