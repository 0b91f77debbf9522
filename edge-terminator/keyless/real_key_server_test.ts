/** The signer against real key servers over SoftHSM; what misbehaviour does is in the other tests here. */
import assert from "node:assert/strict";
import { writeIdentity } from "../../certs/write.ts";
import { digest, type HashName } from "../../shared/libcrypto/digest.ts";
import { verifySignature } from "../../shared/libcrypto/verify.ts";
import { parseCertificate } from "../../shared/libcrypto/x509.ts";
import { tls13SignatureSchemes } from "../../shared/signature_schemes.ts";
import { edgeIdentity, keyServerName } from "../../test/harness/identities.ts";
import { Installation } from "../../test/harness/installation.ts";
import { ownLoopbackAddress } from "../../test/harness/loopback.ts";
import { poll } from "../../test/harness/poll.ts";
import { TemporaryFolder } from "../../test/harness/temporary_folder.ts";
import { loadCertificate } from "../certificates/chain_loader.ts";
import { siteChain } from "../certificates/test_certificates.ts";
import type { ServedCertificate } from "../tls/served_certificate.ts";
import type { SignatureRequest } from "../tls/server_events.ts";
import { fails } from "./test_stage.ts";
import { openRemoteSigner, type RemoteSigner } from "./remote_signer.ts";

/** A token with an ECDSA and an RSA key, and a signer for edge NAME that knows the first `count` key servers. */
class Stage implements AsyncDisposable {
  readonly #parts: AsyncDisposableStack;

  private constructor(readonly installation: Installation, parts: AsyncDisposableStack) {
    this.#parts = parts;
  }

  static async set(): Promise<Stage> {
    await using parts = new AsyncDisposableStack();
    const folder = parts.use(await TemporaryFolder.create()).path;
    const installation = await Installation.create({ host: ownLoopbackAddress(), folder });
    return new Stage(installation, parts.move());
  }

  async startKeyServer(index = 0) {
    return this.#parts.use(await this.installation.startKeyServer({ index }));
  }

  async openSigner(name = "pop1", count = 1): Promise<RemoteSigner> {
    const { folder, pki } = this.installation;
    const file = (name: string) => this.installation.file(name);
    await writeIdentity(folder, `edge-${name}`, await pki.edgeIdentity(edgeIdentity(name)));
    const signer = openRemoteSigner({
      keyServers: Array.from({ length: count }, (_, index) => ({
        name: keyServerName,
        address: this.installation.address("keyServer", index),
        ca: file("key-server-ca.pem"),
      })),
      identity: { certificate: file(`edge-${name}.pem`), privateKey: file(`edge-${name}.key`) },
      transcript: "hash",
    });
    this.#parts.defer(async () => {
      await signer.close();
      assert.equal(signer.inFlight, 0);
    });
    await poll("connections", () => signer.health().every(({ connected }) => connected));
    return signer;
  }

  certificate(name: string): Promise<ServedCertificate> {
    return loadCertificate(this.installation.file(`${name}.pem`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync();
  }
}

function request(certificate: ServedCertificate, text: string, scheme = certificate.signatureSchemes[0]!) {
  const hash: HashName = "sha256";
  const messages = new TextEncoder().encode(text);
  const transcriptHash = digest(hash, messages);
  const request: SignatureRequest = {
    kind: "tls13-certificate-verify",
    scheme,
    certificate,
    serverName: "www.holdfast.test",
    hash,
    transcriptHash,
    handshakeMessages: () => messages,
  };
  return { request, transcriptHash };
}

/** RFC 8446, Section 4.4.3 */
function isValid(
  certificate: ServedCertificate,
  scheme: number,
  transcriptHash: Uint8Array,
  signature: Uint8Array,
) {
  const context = new TextEncoder().encode("TLS 1.3, server CertificateVerify\0");
  const content = new Uint8Array([...new Uint8Array(64).fill(0x20), ...context, ...transcriptHash]);
  const { subjectPublicKeyInfo } = parseCertificate(certificate.chain[0]!);
  return verifySignature(subjectPublicKeyInfo, scheme, content, signature);
}

async function signAndVerify(
  signer: RemoteSigner,
  certificate: ServedCertificate,
  text: string,
  scheme?: number,
) {
  const { request: asked, transcriptHash } = request(certificate, text, scheme);
  const signature = await signer.sign(asked, { deadline: 10_000 });
  assert.ok(
    isValid(certificate, asked.scheme, transcriptHash, signature),
    `${text}: the signature is not valid`,
  );
}

Deno.test("a real key server signs with the keys in its token, by each scheme, many at once", async () => {
  await using stage = await Stage.set();
  await stage.startKeyServer();
  const signer = await stage.openSigner();
  const ecdsa = await stage.certificate("www-ecdsa");
  const rsa = await stage.certificate("www-rsa");
  for (const certificate of [ecdsa, rsa]) {
    for (const scheme of tls13SignatureSchemes[certificate.keyType]) {
      await signAndVerify(signer, certificate, "one", scheme);
    }
  }
  await Promise.all(Array.from({ length: 300 }, (_, index) => signAndVerify(signer, ecdsa, `${index}`)));
});

Deno.test("a real key server refuses an edge without a grant, and a key that it has not", async () => {
  await using stage = await Stage.set();
  await stage.startKeyServer();
  const ecdsa = await stage.certificate("www-ecdsa");
  const stranger = await stage.openSigner("pop2");
  await assert.rejects(
    stranger.sign(request(ecdsa, "x").request, { deadline: 10_000 }),
    fails("not-authorised"),
  );
  const { pki } = stage.installation;
  await Deno.writeTextFile(stage.installation.file("other.pem"), await siteChain(pki, "ecdsa-p256"));
  const other = await stage.certificate("other");
  const signer = await stage.openSigner();
  await assert.rejects(signer.sign(request(other, "x").request, { deadline: 10_000 }), fails("unknown-key"));
  await signAndVerify(signer, ecdsa, "still there");
});

Deno.test("when a key server is killed under load no operation is lost: another one answers, and it is found again", async () => {
  await using stage = await Stage.set();
  const first = await stage.startKeyServer(0);
  await stage.startKeyServer(1);
  const signer = await stage.openSigner("pop1", 2);
  const ecdsa = await stage.certificate("www-ecdsa");
  let signed = 0;
  let stop = false;
  const load = Array.from({ length: 16 }, async (_, index) => {
    while (!stop) await signAndVerify(signer, ecdsa, `${index} ${signed++}`);
  });
  await poll("load", () => signed > 50);
  await first.kill();
  await poll("notice", () => signer.health()[0]?.connected === false);
  const before = signed;
  await poll("load on the other", () => signed > before + 50);
  await first.restart();
  await poll("return", () => signer.health()[0]?.connected, 2000);
  stop = true;
  await Promise.all(load);
  assert.equal(signer.inFlight, 0);
});
