import assert from "node:assert/strict";
import { DevelopmentPki } from "../../certs/dev_pki.ts";
import { parseCertificate } from "../../shared/libcrypto/x509.ts";
import { SignatureScheme } from "../../shared/tls_constants.ts";
import { TemporaryFolder } from "../../test/harness/temporary_folder.ts";
import { containsPrivateKey } from "./certificate_file.ts";
import { loadCertificate } from "./chain_loader.ts";
import { CertificateError, type CertificateErrorCode } from "./errors.ts";
import { siteChain, type TestKeyType } from "./test_certificates.ts";

const pki = await DevelopmentPki.create();

async function load(pem: string) {
  await using folder = await TemporaryFolder.create();
  await Deno.writeTextFile(folder.file("site.pem"), pem);
  return await loadCertificate(folder.file("site.pem"));
}

function refusedWith(code: CertificateErrorCode, words: RegExp) {
  return (error: unknown) =>
    error instanceof CertificateError && error.code === code && words.test(error.message) &&
    error.message.startsWith(`Cannot use the certificate file ${error.file}: `);
}

const schemes: [TestKeyType, number[]][] = [
  ["ecdsa-p256", [SignatureScheme.ecdsa_secp256r1_sha256, SignatureScheme.ecdsa_secp384r1_sha384]],
  ["ecdsa-p384", [SignatureScheme.ecdsa_secp384r1_sha384, SignatureScheme.ecdsa_secp256r1_sha256]],
  ["ed25519", [SignatureScheme.ed25519]],
  ["rsa", [
    SignatureScheme.rsa_pss_rsae_sha256,
    SignatureScheme.rsa_pss_rsae_sha384,
    SignatureScheme.rsa_pss_rsae_sha512,
    SignatureScheme.rsa_pkcs1_sha256,
    SignatureScheme.rsa_pkcs1_sha384,
    SignatureScheme.rsa_pkcs1_sha512,
  ]],
];
for (const [type, expected] of schemes) {
  Deno.test(`a chain for ${type} is loaded leaf first, with its key's identifier and schemes`, async () => {
    const loaded = await load(await siteChain(pki, type, ["www.holdfast.test", "*.holdfast.test"]));
    assert.equal(loaded.keyType, type);
    assert.deepEqual(loaded.signatureSchemes, expected);
    assert.deepEqual(loaded.dnsNames, ["www.holdfast.test", "*.holdfast.test"]);
    assert.equal(loaded.chain.length, 2);
    const leaf = parseCertificate(loaded.chain[0]!);
    assert.deepEqual(loaded.subjectKeyIdentifier, leaf.subjectKeyIdentifier);
    assert.ok(loaded.notAfter > new Date());
  });
}

for (const type of ["rsa-1024", "rsa-pss", "ecdsa-p521"] as const) {
  Deno.test(`a key of kind ${type} is refused`, async () => {
    await assert.rejects(
      load(await siteChain(pki, type)),
      refusedWith("certificate-key-unsupported", /its (RSA )?key/),
    );
  });
}

for (const label of ["PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY"]) {
  Deno.test(`L16: a file with a ${label} is refused before it is parsed, and its content is in no error`, async () => {
    const pem = `-----BEGIN ${label}-----\nc2VjcmV0\n-----END ${label}-----\n`;
    const chain = await siteChain(pki, "ecdsa-p256");
    for (const content of [pem + chain, chain + pem, pem, pem.slice(0, 45)]) {
      await assert.rejects(load(content), (error: unknown) => {
        assert.ok(refusedWith("private-key-on-edge", /no certificate's key/)(error));
        assert.ok(!Deno.inspect(error).includes("c2VjcmV0"));
        return true;
      });
    }
  });
}

Deno.test("bytes without a key's label hold no private key, however near they come", () => {
  for (const text of ["", "P", "PRIVATE KEY----", "PRIVATE-KEY-----", "PUBLIC KEY-----", "PPRIVATE KEY"]) {
    assert.equal(containsPrivateKey(new TextEncoder().encode(text)), false, text);
  }
  assert.equal(containsPrivateKey(new TextEncoder().encode("PPRIVATE KEY-----")), true);
});

Deno.test("a chain out of order, or of strangers, is refused with the place", async () => {
  const [leaf, intermediate] = (await siteChain(pki, "ecdsa-p256")).match(
    /-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g,
  )!;
  const stranger = (await DevelopmentPki.create()).web.certificatePem;
  for (const pem of [`${intermediate}\n${leaf}`, `${leaf}\n${stranger}`, `${leaf}\n${leaf}`]) {
    await assert.rejects(
      load(pem),
      refusedWith("certificate-chain-order", /certificate 2 did not issue certificate 1/),
    );
  }
});

Deno.test("a leaf alone is served as it is", async () => {
  const [leaf] = (await siteChain(pki, "ecdsa-p256")).match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g)!;
  assert.equal((await load(leaf)).chain.length, 1);
});

Deno.test("what is no certificate is refused", async () => {
  const leaf = await siteChain(pki, "ecdsa-p256");
  const base64 = (text: string) => `-----BEGIN CERTIFICATE-----\n${btoa(text)}\n-----END CERTIFICATE-----\n`;
  for (const pem of ["", "hello", base64("not DER"), leaf + base64("not DER"), leaf.repeat(11)]) {
    await assert.rejects(
      load(pem),
      refusedWith("certificate-malformed", /it (holds|is)|certificate \d is not/),
    );
  }
});

Deno.test("a file that is missing or too large is refused", async () => {
  await assert.rejects(
    loadCertificate("/nowhere/x.pem"),
    refusedWith("certificate-unreadable", /no such file/),
  );
  await assert.rejects(load("x".repeat(2 ** 20 + 1)), refusedWith("certificate-unreadable", /over 1048576/));
});
