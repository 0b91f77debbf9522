import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, X509Certificate } from "node:crypto";
import { Authority } from "../../certs/authority.ts";
import { DevelopmentPki } from "../../certs/dev_pki.ts";
import { CertificateError } from "./errors.ts";
import { toHex } from "./hexadecimal.ts";
import { ChainVerifier } from "./x509_verify.ts";
import { derToPem, issuerText, type KeyType, parseCertificate, pemToDer } from "./x509.ts";

const kinds: { keyType: KeyType; keyBits: number; publicKey: () => Uint8Array<ArrayBuffer> }[] = [
  {
    keyType: "rsa",
    keyBits: 2048,
    publicKey: () => spki(generateKeyPairSync("rsa", { modulusLength: 2048 })),
  },
  {
    keyType: "ecdsa-p256",
    keyBits: 256,
    publicKey: () => spki(generateKeyPairSync("ec", { namedCurve: "P-256" })),
  },
  {
    keyType: "ecdsa-p384",
    keyBits: 384,
    publicKey: () => spki(generateKeyPairSync("ec", { namedCurve: "P-384" })),
  },
  { keyType: "ed25519", keyBits: 256, publicKey: () => spki(generateKeyPairSync("ed25519")) },
];

function spki(
  pair: { publicKey: ReturnType<typeof generateKeyPairSync>["publicKey"] },
): Uint8Array<ArrayBuffer> {
  return new Uint8Array(pair.publicKey.export({ type: "spki", format: "der" }) as Uint8Array);
}

const contents = {
  commonName: "www.holdfast.test",
  dnsNames: ["www.holdfast.test", "*.holdfast.test"],
  ipAddresses: ["127.0.0.1"],
  uris: ["spiffe://holdfast.test/edge/pop1"],
  usages: ["serverAuth" as const],
  notBefore: new Date("2026-01-02T03:04:05Z"),
  notAfter: new Date("2051-06-07T08:09:10Z"), // past 2049, so as a GeneralizedTime
};

for (const { keyType, keyBits, publicKey } of kinds) {
  Deno.test(`a certificate of an ${keyType} key is read field by field`, async () => {
    const authority = await Authority.createRoot("Test root");
    const key = publicKey();
    const pem = await authority.certify(key, contents);
    const [der] = pemToDer(pem);
    const parsed = parseCertificate(der!);
    assert.equal(parsed.keyType, keyType);
    if (keyType !== "ed25519") assert.equal(parsed.keyBits, keyBits);
    assert.deepEqual(parsed.subjectPublicKeyInfo, key);
    assert.deepEqual(parsed.dnsNames, contents.dnsNames);
    assert.deepEqual(parsed.uris, contents.uris);
    assert.deepEqual(parsed.notBefore, contents.notBefore);
    assert.deepEqual(parsed.notAfter, contents.notAfter);
    assert.equal(parsed.subject, "CN=www.holdfast.test");
    const reference = new X509Certificate(pem);
    assert.equal(parsed.serialNumber, reference.serialNumber.toLowerCase().replace(/^0+/, ""));
    // The bits of the key are what follows the BIT STRING's header: 65 bytes of a P-256 point, and so on.
    const bits = { "ecdsa-p256": 65, "ecdsa-p384": 97, "ed25519": 32 }[keyType as string];
    if (bits !== undefined) {
      const expected = createHash("sha1").update(key.subarray(key.length - bits)).digest("hex");
      assert.equal(toHex(parsed.subjectKeyIdentifier), expected);
    }
    assert.equal(parsed.subjectKeyIdentifier.length, 20);
  });
}

Deno.test("DER and PEM are each other's inverse, and a certificate tells its issuer's name in words", async () => {
  const { webRoot, web } = await DevelopmentPki.create();
  const [der] = pemToDer(web.certificatePem);
  assert.deepEqual(pemToDer(derToPem(der!) + derToPem(der!)), [der, der]);
  assert.equal(issuerText(der!), parseCertificate(pemToDer(webRoot.certificatePem)[0]!).subject);
  assert.throws(() => issuerText(der!.subarray(1)), { code: "certificate" });
});

Deno.test("a certificate tells its issuer's name in DER, and whether its key usage allows signatures", async () => {
  const authority = await Authority.createRoot("Test root");
  const [root] = pemToDer(authority.certificatePem);
  const [leaf] = pemToDer(await authority.certify(spki(generateKeyPairSync("ed25519")), contents));
  using verifier = new ChainVerifier({ authorities: [root!], purpose: "server" });
  assert.deepEqual(parseCertificate(leaf!).issuer, verifier.authorityNames[0]);
  assert.equal(parseCertificate(leaf!).mayDigitallySign, true);
  assert.equal(parseCertificate(root!).mayDigitallySign, false);
});

Deno.test("the key identifier is computed and not read from the extension", async () => {
  const authority = await Authority.createRoot("Test root");
  const key = spki(generateKeyPairSync("ec", { namedCurve: "P-256" }));
  const [der] = pemToDer(await authority.certify(key, contents));
  const truth = parseCertificate(der!).subjectKeyIdentifier;
  const at = indexOf(der!, truth);
  assert.ok(at > 0, "the extension holds the identifier");
  const lying = der!.slice();
  lying[at] = lying[at]! ^ 0xff;
  assert.deepEqual(parseCertificate(lying).subjectKeyIdentifier, truth);
});

Deno.test("a certificate without a subjectAltName has no names", async () => {
  const authority = await Authority.createRoot("Test root");
  const { dnsNames, uris } = parseCertificate(pemToDer(authority.certificatePem)[0]!);
  assert.deepEqual([dnsNames, uris], [[], []]);
});

Deno.test("a truncated certificate, one with bytes after it, and garbage are refused", async () => {
  const authority = await Authority.createRoot("Test root");
  const [der] = pemToDer(authority.certificatePem);
  const long = new Uint8Array([...der!, 0]);
  for (const bad of [new Uint8Array(0), der!.subarray(0, -1), long, new Uint8Array(100).fill(0x30)]) {
    assert.throws(() => parseCertificate(bad), CertificateError);
  }
});

Deno.test("a NUL in a DNS name refuses the certificate instead of cutting the name short", async () => {
  const authority = await Authority.createRoot("Test root");
  const key = spki(generateKeyPairSync("ec", { namedCurve: "P-256" }));
  const [der] = pemToDer(await authority.certify(key, { ...contents, dnsNames: ["bank.test.evil.test"] }));
  const at = indexOf(der!, new TextEncoder().encode("bank.test.evil.test"));
  const poisoned = der!.slice();
  poisoned[at + "bank.test".length] = 0;
  assert.throws(() => parseCertificate(poisoned), CertificateError);
});

Deno.test("a key on a curve that TLS here never uses is refused", async () => {
  const authority = await Authority.createRoot("Test root");
  const key = spki(generateKeyPairSync("ec", { namedCurve: "P-224" }));
  const [der] = pemToDer(await authority.certify(key, contents));
  assert.throws(() => parseCertificate(der!), /of a kind that is not supported/);
});

Deno.test("PEM gives every certificate in order and nothing else", async () => {
  const root = await Authority.createRoot("Test root");
  const other = await Authority.createRoot("Other root");
  const key = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
  const text = `comment\r\n${root.certificatePem.replaceAll("\n", "\r\n")}${key}${other.certificatePem}`;
  const subjects = pemToDer(text).map((der) => parseCertificate(der).subject);
  assert.deepEqual(subjects, ["CN=Test root", "CN=Other root"]);
  assert.deepEqual(pemToDer("no PEM"), []);
  assert.throws(
    () => pemToDer("-----BEGIN CERTIFICATE-----\n=A=\n-----END CERTIFICATE-----"),
    CertificateError,
  );
});

function indexOf(bytes: Uint8Array, part: Uint8Array): number {
  for (let start = 0; start + part.length <= bytes.length; start++) {
    if (part.every((byte, index) => bytes[start + index] === byte)) return start;
  }
  return -1;
}
