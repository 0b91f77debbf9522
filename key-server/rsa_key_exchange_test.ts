import assert from "node:assert/strict";
import type { KeylessAnswer } from "../shared/keyless_protocol/answers.ts";
import type { RsaKeyExchangeRequest } from "../shared/keyless_protocol/operations.ts";
import { openMasterSecret } from "../shared/keyless_protocol/sealed_master_secret.ts";
import { EphemeralKeyPair } from "../shared/libcrypto/key_agreement.ts";
import { parseCertificate } from "../shared/libcrypto/x509.ts";
import { LockedPool } from "../shared/memory/locked_pool.ts";
import { edgeIdentity } from "../test/harness/identities.ts";
import { poll } from "../test/harness/poll.ts";
import { canLookInside } from "../test/harness/proc/inspect.ts";
import { scanMemory } from "../test/harness/proc/memory_scan.ts";
import { ciphertextClasses, randomPremaster, RsaEncrypter } from "../test/harness/rsa_ciphertexts.ts";
import { testMasterSecret } from "../test/harness/tls12_master_secret.ts";
import { TestClient } from "./test_client.ts";
import { KeyServerSetup } from "./test_setup.ts";

const rsaKey = { name: "www-rsa", type: "rsa-2048", decrypts: true } as const;

type Changes = Partial<RsaKeyExchangeRequest>;

/** An edge that opens what it is answered. */
class Edge implements Disposable {
  readonly #pool = LockedPool.open({ totalBytes: 65_536 });

  constructor(
    readonly client: TestClient,
    readonly leaf: Uint8Array,
    readonly encrypter = new RsaEncrypter(parseCertificate(leaf).subjectPublicKeyInfo),
  ) {}

  static async of(setup: KeyServerSetup, keyName = "www-rsa"): Promise<Edge> {
    return new Edge(await setup.dial(), await setup.leaf(keyName));
  }

  request(recipient: EphemeralKeyPair, changes: Changes = {}): RsaKeyExchangeRequest {
    return {
      operation: "rsa-key-exchange",
      role: "server",
      subjectKeyIdentifier: parseCertificate(this.leaf).subjectKeyIdentifier,
      serverName: "www.holdfast.test",
      deadline: 5000,
      clientVersion: 0x0303,
      prfHash: "sha256",
      seed: { form: "extended", sessionHash: new Uint8Array(32).fill(9) },
      encryptedPreMasterSecret: this.encrypter.ofClass("good"),
      recipientPublicKey: recipient.publicKey,
      ...changes,
    };
  }

  /** The master secret in hexadecimal. */
  async master(changes: Changes = {}): Promise<string> {
    using recipient = EphemeralKeyPair.generate("x25519");
    const request = this.request(recipient, changes);
    const answer = await this.client.ask(request);
    assert.equal(answer?.type, "sealed-master-secret", JSON.stringify(answer));
    using master = openMasterSecret(this.#pool, recipient, request, answer);
    assert.equal(master.length, 48);
    return master.bytes.toHex();
  }

  async refusal(changes: Changes): Promise<Extract<KeylessAnswer, { type: "error" }>> {
    using recipient = EphemeralKeyPair.generate("x25519");
    const answer = await this.client.ask(this.request(recipient, changes));
    assert.equal(answer?.type, "error");
    return answer;
  }

  [Symbol.dispose](): void {
    this.client[Symbol.dispose]();
    this.#pool[Symbol.dispose]();
  }
}

Deno.test("a well encrypted premaster gives the master secret of both derivations and both hashes", async () => {
  await using setup = await KeyServerSetup.start({ keys: [rsaKey] });
  using edge = await Edge.of(setup);
  const clientRandom = crypto.getRandomValues(new Uint8Array(32));
  const serverRandom = crypto.getRandomValues(new Uint8Array(32));
  for (const [prfHash, length] of [["sha256", 32], ["sha384", 48]] as const) {
    const sessionHash = crypto.getRandomValues(new Uint8Array(length));
    for (
      const seed of [
        { form: "randoms", clientRandom, serverRandom },
        { form: "extended", sessionHash },
      ] as const
    ) {
      const premaster = randomPremaster();
      const encryptedPreMasterSecret = edge.encrypter.encrypt(premaster);
      const master = await edge.master({ prfHash, seed, encryptedPreMasterSecret });
      assert.equal(master, testMasterSecret(prfHash, premaster, seed).toHex());
    }
  }
  assert.equal(await setup.counted("rsa-key-exchange", "ok"), 4);
  assert.equal(await setup.server.metric("holdfast_pool_blocks_used"), 1, "the rejection secret alone");
});

/** Ciphertexts that are wrong to the eye, of any length. */
function publiclyBad({ length, modulus }: RsaEncrypter): Uint8Array[] {
  const small = (value: number) => new Uint8Array(length).with(-1, value);
  return [
    new Uint8Array(0),
    Uint8Array.of(1),
    ...[length - 1, length + 1, 1024].map((size) => crypto.getRandomValues(new Uint8Array(size))),
    new Uint8Array(length),
    small(1),
    modulus.with(-1, modulus.at(-1)! - 1),
    modulus,
    new Uint8Array(length).fill(0xff),
  ];
}

Deno.test("whatever is wrong with a ciphertext, the answer is a master secret, the same for the same request only", async () => {
  await using setup = await KeyServerSetup.start({ keys: [rsaKey] });
  using edge = await Edge.of(setup);
  const ciphertexts = [
    ...ciphertextClasses.map((kind) => edge.encrypter.ofClass(kind)),
    ...publiclyBad(edge.encrypter),
  ];
  const seen = new Set<string>();
  for (const encryptedPreMasterSecret of ciphertexts) {
    const master = await edge.master({ encryptedPreMasterSecret });
    assert.equal(await edge.master({ encryptedPreMasterSecret }), master, "asked twice");
    seen.add(master);
    // Otherwise two equal answers would tell that both were refused.
    seen.add(await edge.master({ encryptedPreMasterSecret, clientVersion: 0x0304 }));
  }
  assert.equal(seen.size, 2 * ciphertexts.length);
  assert.equal(await setup.counted("rsa-key-exchange", "ok"), 3 * ciphertexts.length);
  assert.equal(await setup.server.metric("holdfast_pool_blocks_used"), 1);
});

Deno.test("a bad ciphertext has the same answer at every key server with the key, and after a restart", async () => {
  const keys = [rsaKey, { ...rsaKey, name: "api-rsa" }];
  await using setup = await KeyServerSetup.start({ keys });
  const { installation } = setup;
  using edge = await Edge.of(setup);
  const encryptedPreMasterSecret = edge.encrypter.ofClass("bad padding");
  const master = await edge.master({ encryptedPreMasterSecret });

  await using _second = await installation.startKeyServer({ index: 1 });
  const dialSecond = async () =>
    await TestClient.dial({
      address: installation.address("keyServer", 1),
      ca: installation.pki.keyServers.certificatePem,
      identity: await setup.identity(),
    });
  using second = new Edge(await dialSecond(), edge.leaf);
  assert.equal(await second.master({ encryptedPreMasterSecret }), master, "a replica");

  await _second[Symbol.asyncDispose]();
  await using _restarted = await installation.startKeyServer({ index: 1 });
  using again = new Edge(await dialSecond(), edge.leaf);
  assert.equal(await again.master({ encryptedPreMasterSecret }), master, "after a restart");

  using other = await Edge.of(setup, "api-rsa");
  assert.notEqual(await other.master({ encryptedPreMasterSecret }), master, "another key");
});

Deno.test("RSA key exchange needs the purpose on the key and in the grant, each", async () => {
  const grant = { edge: edgeIdentity("pop1"), key: "www-rsa" };
  const key = { name: "www-rsa", uri: "pkcs11:object=www-rsa;type=private" };
  for (
    const [purposes, operations, code] of [
      [["sign-tls12"], ["sign-tls12"], "bad-request"],
      [["sign-tls12", "rsa-key-exchange"], ["sign-tls12"], "not-authorised"],
    ] as const
  ) {
    const patch = { key: [{ ...key, purposes }], grant: [{ ...grant, operations }] };
    await using setup = await KeyServerSetup.start({ keys: [rsaKey], patch });
    using edge = await Edge.of(setup);
    assert.equal((await edge.refusal({})).code, code);
  }
});

Deno.test("a key that only decrypts serves, and its probe decrypts", async () => {
  const key = { name: "www-rsa", uri: "pkcs11:object=www-rsa", purposes: ["rsa-key-exchange"] };
  const grant = { edge: edgeIdentity("pop1"), key: "www-rsa", operations: ["rsa-key-exchange"] };
  const patch = { key: [key], grant: [grant], limits: { probe_interval_ms: 50 } };
  await using setup = await KeyServerSetup.start({ keys: [rsaKey], patch });
  using edge = await Edge.of(setup);
  const premaster = randomPremaster();
  const seed = { form: "extended", sessionHash: new Uint8Array(32) } as const;
  const encryptedPreMasterSecret = edge.encrypter.encrypt(premaster);
  const expected = testMasterSecret("sha256", premaster, seed).toHex();
  assert.equal(await edge.master({ seed, encryptedPreMasterSecret }), expected);
  await setup.server.ready();
});

Deno.test("what no TLS server would ask is a bad request", async () => {
  await using setup = await KeyServerSetup.start({ keys: [rsaKey] });
  using edge = await Edge.of(setup);
  for (
    const changes of [
      { clientVersion: 0x0302 },
      { prfHash: "sha384" },
      { seed: { form: "extended", sessionHash: new Uint8Array(48) } },
      { recipientPublicKey: new Uint8Array(32) },
    ] as const satisfies Changes[]
  ) {
    assert.equal((await edge.refusal(changes)).code, "bad-request");
  }
  assert.equal(await setup.server.metric("holdfast_pool_blocks_used"), 1);
});

Deno.test("L17: what the key server decrypts and derives is nowhere in its memory afterwards", {
  ignore: !canLookInside,
}, async () => {
  await using setup = await KeyServerSetup.start({ keys: [rsaKey] });
  using edge = await Edge.of(setup);
  const seed = { form: "extended", sessionHash: new Uint8Array(32).fill(9) } as const;
  const needles = new Map<string, Uint8Array>();
  let encryptedPreMasterSecret = new Uint8Array(0);
  for (let i = 0; i < 20; i++) {
    const premaster = randomPremaster();
    encryptedPreMasterSecret = new Uint8Array(edge.encrypter.encrypt(premaster));
    assert.equal(
      await edge.master({ seed, encryptedPreMasterSecret }),
      testMasterSecret("sha256", premaster, seed).toHex(),
    );
    // Without the version, which all begin with; big numbers may lie the other way round.
    const secret = premaster.slice(2);
    needles.set(`premaster ${i}`, secret);
    needles.set(`premaster ${i}, limbs reversed`, secret.toReversed());
    needles.set(`master ${i}`, testMasterSecret("sha256", premaster, seed));
  }
  needles.set("the last ciphertext", encryptedPreMasterSecret);
  const { found } = await scanMemory(setup.server.pid, needles);
  assert.ok(found.get("the last ciphertext")!.length > 0, "the control: what is public is there");
  found.forEach((places, name) => {
    if (name !== "the last ciphertext") assert.deepEqual(places, [], name);
  });
});

const purposes = ["rsa-key-exchange"];

Deno.test("a key that cannot decrypt, or a pool too small for those that can, keeps the key server from starting", async () => {
  const keys = [
    rsaKey,
    { name: "sign-rsa", type: "rsa-2048" },
    { name: "www-ecdsa", type: "ecdsa-p256" },
  ] as const;
  await using setup = await KeyServerSetup.start({ keys });
  const { token } = setup.installation;
  const manySessions = [{ uri: token.uri, pin: `file:${token.pinFile}`, sessions: 64 }];
  for (
    const [name, words, more] of [
      ["sign-rsa", /CKA_DECRYPT is false/, {}],
      ["www-ecdsa", /is no RSA key/, {}],
      ["www-rsa", /memory\.pool_bytes is 65536; expected 99328 or more/, {
        memory: { pool_bytes: 65_536 },
        token: manySessions,
      }],
    ] as const
  ) {
    const patch = { key: [{ name, uri: `pkcs11:object=${name}`, purposes }], grant: [], ...more };
    await using server = await setup.installation.startKeyServer({ index: 1, patch, wait: false });
    assert.equal((await server.ended).code, 1);
    // Its last words may come after its end.
    await poll(`${words}`, () => words.test(server.lines.join("\n")));
  }
});
