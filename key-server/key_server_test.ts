import assert from "node:assert/strict";
import { join } from "node:path";
import type { KeylessAnswer } from "../shared/keyless_protocol/answers.ts";
import type { RsaKeyExchangeRequest, SignTls12Request } from "../shared/keyless_protocol/operations.ts";
import { verifySignature } from "../shared/libcrypto/verify.ts";
import { parseCertificate } from "../shared/libcrypto/x509.ts";
import { NamedGroup, SignatureScheme } from "../shared/tls_constants.ts";
import { mustRun } from "../test/harness/command.ts";
import { edgeIdentity } from "../test/harness/identities.ts";
import { poll } from "../test/harness/poll.ts";
import { certificateVerifyContent } from "./operations/sign_tls13.ts";
import { signTls12Content } from "./operations/sign_tls12.ts";
import { KeyServerSetup } from "./test_setup.ts";

function codeOf(answer: KeylessAnswer | undefined): string {
  return answer?.type === "error" ? answer.code : answer?.type ?? "closed";
}

function signatureOf(answer: KeylessAnswer | undefined): Uint8Array {
  assert.equal(answer?.type, "signature", JSON.stringify(answer));
  return (answer as { signature: Uint8Array }).signature;
}

Deno.test("1,000 requests at once over one connection are each answered with a signature that verifies", async () => {
  await using setup = await KeyServerSetup.start();
  using client = await setup.dial();
  assert.deepEqual(await client.ask({ operation: "ping" }), { type: "pong" });
  const { subjectPublicKeyInfo } = parseCertificate(await setup.leaf("www-ecdsa"));
  const hashes = Array.from({ length: 1000 }, () => crypto.getRandomValues(new Uint8Array(32)));
  const template = await setup.request();
  const ids = [];
  for (const transcriptHash of hashes) {
    ids.push(await client.send({ ...template, transcript: { form: "hash", transcriptHash } }));
  }
  for (const [index, id] of ids.entries()) {
    const content = certificateVerifyContent(hashes[index]!);
    const signature = signatureOf(await client.answer(id));
    assert.ok(verifySignature(subjectPublicKeyInfo, template.signatureScheme, content, signature));
  }
  assert.equal(await setup.counted("sign-tls13", "ok"), 1000);
  assert.equal(await setup.server.metric("holdfast_key_server_in_flight"), 0);
});

Deno.test("an RSA key signs by RSA-PSS with each hash, over a 48-byte transcript hash too", async () => {
  await using setup = await KeyServerSetup.start({ keys: [{ name: "www-rsa", type: "rsa-2048" }] });
  using client = await setup.dial();
  const { subjectPublicKeyInfo } = parseCertificate(await setup.leaf("www-rsa"));
  const transcriptHash = new Uint8Array(48).fill(3);
  const { rsa_pss_rsae_sha256, rsa_pss_rsae_sha384, rsa_pss_rsae_sha512 } = SignatureScheme;
  for (const signatureScheme of [rsa_pss_rsae_sha256, rsa_pss_rsae_sha384, rsa_pss_rsae_sha512]) {
    const transcript = { form: "hash" as const, transcriptHash };
    const request = await setup.request("www-rsa", { signatureScheme, transcript });
    const signature = signatureOf(await client.ask(request));
    assert.ok(
      verifySignature(
        subjectPublicKeyInfo,
        signatureScheme,
        certificateVerifyContent(transcriptHash),
        signature,
      ),
    );
  }
});

Deno.test("M21: what no grant allows is refused as not authorised, counted and logged with the edge's name", async () => {
  await using setup = await KeyServerSetup.start({
    patch: {
      grant: [{
        edge: edgeIdentity("pop1"),
        key: "www-ecdsa",
        operations: ["sign-tls13"],
        transcript: "strict",
      }],
    },
  });
  using stranger = await setup.dial(await setup.identity("pop2"));
  assert.equal(codeOf(await stranger.ask(await setup.request())), "not-authorised", "another edge");
  using client = await setup.dial();
  assert.equal(codeOf(await client.ask(await setup.request("www-rsa"))), "not-authorised", "another key");
  assert.equal(
    codeOf(await client.ask(await setup.request())),
    "not-authorised",
    "hash where strict is granted",
  );
  assert.equal(await setup.counted("sign-tls13", "not-authorised"), 3);
  const refusal = await setup.server.record(
    "the refusal",
    (r) => r.event === "refusal" && r.edge === edgeIdentity("pop2"),
  );
  assert.equal(refusal.code, "not-authorised");
  assert.equal(refusal.key, "www-ecdsa");
  assert.equal(refusal.serverName, setup.installation.names[0]);
});

Deno.test("a server name outside of the grant is not authorised; its own and an absent one are", async () => {
  const grant = { edge: edgeIdentity("pop1"), key: "www-ecdsa", operations: ["sign-tls13"] };
  await using setup = await KeyServerSetup.start({
    keys: [{ name: "www-ecdsa", type: "ecdsa-p256" }],
    patch: ({ names }) => ({ grant: [{ ...grant, server_names: names }] }),
  });
  using client = await setup.dial();
  for (const [serverName, result] of [["other.test", "not-authorised"], ["", "signature"]] as const) {
    assert.equal(codeOf(await client.ask(await setup.request("www-ecdsa", { serverName }))), result);
  }
});

Deno.test("a key identifier that no key has is an unknown key", async () => {
  await using setup = await KeyServerSetup.start({ keys: [{ name: "www-ecdsa", type: "ecdsa-p256" }] });
  using client = await setup.dial();
  const request = await setup.request("www-ecdsa", { subjectKeyIdentifier: new Uint8Array(20) });
  assert.equal(codeOf(await client.ask(request)), "unknown-key");
  assert.equal(codeOf(await client.ask(await setup.request())), "signature", "the connection goes on");
});

Deno.test("schemes that TLS 1.3 or the key cannot do, and operations that are off, are bad requests", async () => {
  await using setup = await KeyServerSetup.start();
  using client = await setup.dial();
  const { rsa_pkcs1_sha256, ecdsa_secp384r1_sha384, rsa_pkcs1_sha1, rsa_pss_rsae_sha256 } = SignatureScheme;
  for (
    const [key, signatureScheme] of [
      ["www-rsa", rsa_pkcs1_sha256],
      ["www-rsa", rsa_pkcs1_sha1],
      ["www-ecdsa", ecdsa_secp384r1_sha384],
      ["www-ecdsa", rsa_pss_rsae_sha256],
      ["www-ecdsa", 0xfafa],
    ] as const
  ) {
    assert.equal(codeOf(await client.ask(await setup.request(key, { signatureScheme }))), "bad-request");
  }
  const { operation: _operation, transcript: _transcript, signatureScheme: _scheme, ...fields } = await setup
    .request("www-rsa");
  const keyExchange: RsaKeyExchangeRequest = {
    operation: "rsa-key-exchange",
    ...fields,
    clientVersion: 0x0303,
    prfHash: "sha256",
    seed: { form: "extended", sessionHash: new Uint8Array(32) },
    encryptedPreMasterSecret: new Uint8Array(256),
    recipientPublicKey: new Uint8Array(32),
  };
  const answer = await client.ask(keyExchange);
  assert.deepEqual(answer, { type: "error", code: "bad-request", reason: "rsa-key-exchange is not enabled" });
});

async function tls12Request(
  setup: KeyServerSetup,
  keyName: string,
  signatureScheme: number,
): Promise<SignTls12Request> {
  const { transcript: _, ...fields } = await setup.request(keyName);
  return {
    ...fields,
    operation: "sign-tls12",
    signatureScheme,
    clientRandom: crypto.getRandomValues(new Uint8Array(32)),
    serverRandom: crypto.getRandomValues(new Uint8Array(32)),
    namedCurve: NamedGroup.x25519,
    publicKey: crypto.getRandomValues(new Uint8Array(32)),
  };
}

Deno.test("a TLS 1.2 ServerKeyExchange is signed where purposes and grant have it", async () => {
  await using setup = await KeyServerSetup.start({
    patch: {
      key: [{ name: "www-rsa", uri: "pkcs11:object=www-rsa", purposes: ["sign-tls12"] }],
      grant: [{ edge: edgeIdentity("pop1"), key: "www-rsa", operations: ["sign-tls12"] }],
    },
  });
  using client = await setup.dial();
  const request = await tls12Request(setup, "www-rsa", SignatureScheme.rsa_pkcs1_sha256);
  const signature = signatureOf(await client.ask(request));
  const { subjectPublicKeyInfo } = parseCertificate(await setup.leaf("www-rsa"));
  assert.ok(
    verifySignature(subjectPublicKeyInfo, request.signatureScheme, signTls12Content(request), signature),
  );
  assert.equal(
    codeOf(await client.ask(await setup.request("www-rsa"))),
    "bad-request",
    "sign-tls13 is no purpose",
  );
});

Deno.test("in TLS 1.2 ECDSA keys of both curves sign with either hash", async () => {
  await using setup = await KeyServerSetup.start({
    keys: [{ name: "p256", type: "ecdsa-p256" }, { name: "p384", type: "ecdsa-p384" }],
  });
  using client = await setup.dial();
  const { ecdsa_secp256r1_sha256, ecdsa_secp384r1_sha384 } = SignatureScheme;
  for (const name of ["p256", "p384"]) {
    const { subjectPublicKeyInfo } = parseCertificate(await setup.leaf(name));
    for (const signatureScheme of [ecdsa_secp256r1_sha256, ecdsa_secp384r1_sha384]) {
      const request = await tls12Request(setup, name, signatureScheme);
      const signature = signatureOf(await client.ask(request));
      const content = signTls12Content(request);
      assert.ok(
        verifySignature(subjectPublicKeyInfo, signatureScheme, content, signature, { anyCurve: true }),
      );
    }
  }
});

Deno.test("above the bounds on requests in flight, of a connection and in all, the answer is overloaded", async () => {
  for (const limits of [{ in_flight_per_connection: 2 }, { in_flight: 2 }]) {
    await using setup = await KeyServerSetup.start({ patch: { limits } });
    using client = await setup.dial();
    const request = await setup.request("www-rsa");
    const ids = await Promise.all(Array.from({ length: 40 }, () => client.send(request)));
    const codes = [];
    for (const id of ids) codes.push(codeOf(await client.answer(id)));
    assert.deepEqual([...new Set(codes)].sort(), ["overloaded", "signature"]);
    assert.equal(codeOf(await client.ask(request)), "signature", "afterwards there is room again");
  }
});

Deno.test("a request whose deadline passes before the token comes to it is told so, and others are not held up", async () => {
  await using setup = await KeyServerSetup.start();
  using client = await setup.dial();
  const hurried = await setup.request("www-rsa", { deadline: 1 });
  const patient = await setup.request("www-ecdsa");
  const ids = [];
  for (let i = 0; i < 200; i++) ids.push(await client.send(hurried));
  const last = await client.send(patient);
  const codes = [];
  for (const id of ids) codes.push(codeOf(await client.answer(id)));
  assert.ok(codes.filter((code) => code === "deadline-passed").length > 100);
  assert.equal(codeOf(await client.answer(last)), "signature");
});

Deno.test("a token that goes away is a token failure, shows in /readyz, and is found again when it is back", async () => {
  await using setup = await KeyServerSetup.start({
    keys: [{ name: "www-ecdsa", type: "ecdsa-p256" }],
    patch: { limits: { probe_interval_ms: 100 } },
  });
  using client = await setup.dial();
  const tokens = join(setup.installation.folder, "tokens");
  const request = await setup.request();
  await Deno.rename(tokens, `${tokens}.away`);
  const answer = await client.ask(request);
  assert.deepEqual(answer, { type: "error", code: "token-failure", reason: "the token failed" });
  const readiness = await poll("503 from /readyz", async () => {
    const { status, body } = await setup.server.admin("/readyz");
    return status === 503 ? body : undefined;
  });
  assert.match(readiness, /www-ecdsa/);
  await Deno.rename(`${tokens}.away`, tokens);
  await setup.server.ready();
  assert.equal(codeOf(await client.ask(request)), "signature");
});

/** Deletes a private key from the token, as another process may; returns how to bring it back. */
async function deletePrivateKey({ installation: { token } }: KeyServerSetup, name: string) {
  const [place] = Array.from(Deno.readDirSync(token.folder), (entry) => join(token.folder, entry.name));
  const before = new Map(
    Array.from(Deno.readDirSync(place!), ({ name }) => [name, Deno.readFileSync(join(place!, name))]),
  );
  const pin = (await Deno.readTextFile(token.pinFile)).trim();
  const which = ["--delete-object", "--type", "privkey", "--label", name];
  const login = ["--token-label", token.label, "--login", "--pin", "env:TEST_PIN"];
  await mustRun("pkcs11-tool", ["--module", token.modulePath, ...login, ...which], {
    env: { ...token.env, TEST_PIN: pin },
  });
  return () => {
    for (const [file, bytes] of before) Deno.writeFileSync(join(place!, file), bytes, { mode: 0o600 });
  };
}

Deno.test("a key that is deleted from the token takes no other one along, and is found again when it is back", async () => {
  await using setup = await KeyServerSetup.start({ patch: { limits: { probe_interval_ms: 100 } } });
  using client = await setup.dial();
  const [gone, other] = [await setup.request("www-ecdsa"), await setup.request("www-rsa")];
  const putBack = await deletePrivateKey(setup, "www-ecdsa");
  await setup.server.record("the reopening", (record) => record.event === "token-reopened");
  assert.equal(codeOf(await client.ask(gone)), "token-failure");
  assert.equal(codeOf(await client.ask(other)), "signature");
  const { status, body } = await setup.server.admin("/readyz");
  assert.equal(status, 503);
  assert.match(body, /"www-ecdsa":\{"ok":false.*"www-rsa":\{"ok":true/);
  putBack();
  await setup.server.ready();
  assert.equal(codeOf(await client.ask(gone)), "signature");
});
