import assert from "node:assert/strict";
import { createECDH } from "node:crypto";
import type { SignTls12Request, SignTls13Request } from "../../shared/keyless_protocol/operations.ts";
import { NamedGroup, SignatureScheme } from "../../shared/tls_constants.ts";
import { signTls12Content } from "./sign_tls12.ts";
import { signTls13Content } from "./sign_tls13.ts";

const keyRequest = {
  role: "server" as const,
  subjectKeyIdentifier: new Uint8Array(20),
  serverName: "a.test",
  deadline: 1000,
};
const tls13: SignTls13Request = {
  ...keyRequest,
  operation: "sign-tls13",
  signatureScheme: SignatureScheme.ecdsa_secp256r1_sha256,
  transcript: { form: "hash", transcriptHash: new Uint8Array(32).fill(1) },
};
const tls12: SignTls12Request = {
  ...keyRequest,
  operation: "sign-tls12",
  signatureScheme: SignatureScheme.rsa_pkcs1_sha256,
  clientRandom: new Uint8Array(32).fill(1),
  serverRandom: new Uint8Array(32).fill(2),
  namedCurve: NamedGroup.x25519,
  publicKey: new Uint8Array(32).fill(3),
};

Deno.test("a CertificateVerify's content is that of RFC 8446, Section 4.4.3", () => {
  // The RFC's own example, for a hash of 32 bytes 01.
  const expected = "2020202020202020202020202020202020202020202020202020202020202020" +
    "2020202020202020202020202020202020202020202020202020202020202020" +
    "544c5320312e332c207365727665722043657274696669636174655665726966" +
    "79" +
    "00" +
    "0101010101010101010101010101010101010101010101010101010101010101";
  assert.equal(signTls13Content(tls13, "ecdsa-p256").toHex(), expected);
});

Deno.test("TLS 1.3 signs with none of the schemes that only TLS 1.2 has", () => {
  const { rsa_pkcs1_sha256, rsa_pkcs1_sha384, rsa_pkcs1_sha512, rsa_pkcs1_sha1, ecdsa_sha1 } =
    SignatureScheme;
  for (
    const signatureScheme of [
      rsa_pkcs1_sha256,
      rsa_pkcs1_sha384,
      rsa_pkcs1_sha512,
      rsa_pkcs1_sha1,
      ecdsa_sha1,
      0,
    ]
  ) {
    for (const keyType of ["rsa", "ecdsa-p256", "ecdsa-p384", "ed25519"] as const) {
      assert.throws(() => signTls13Content({ ...tls13, signatureScheme }, keyType), { code: "bad-request" });
    }
  }
});

Deno.test("in TLS 1.3 an ECDSA key signs with its own curve's scheme only", () => {
  const { ecdsa_secp256r1_sha256, ecdsa_secp384r1_sha384 } = SignatureScheme;
  for (
    const [keyType, own, other] of [
      ["ecdsa-p256", ecdsa_secp256r1_sha256, ecdsa_secp384r1_sha384],
      ["ecdsa-p384", ecdsa_secp384r1_sha384, ecdsa_secp256r1_sha256],
    ] as const
  ) {
    assert.equal(signTls13Content({ ...tls13, signatureScheme: own }, keyType).length, 130);
    assert.throws(() => signTls13Content({ ...tls13, signatureScheme: other }, keyType), {
      code: "bad-request",
    });
  }
});

Deno.test("a ServerKeyExchange's content is both randoms and the parameters with a named curve", () => {
  const expected = [...Array(32).fill(1), ...Array(32).fill(2), 3, 0, 29, 32, ...Array(32).fill(3)];
  assert.deepEqual([...signTls12Content(tls12)], expected);
});

for (
  const [namedCurve, curve] of [[NamedGroup.secp256r1, "prime256v1"], [
    NamedGroup.secp384r1,
    "secp384r1",
  ]] as const
) {
  Deno.test(`a point has to be on ${curve}, uncompressed and whole`, () => {
    const publicKey = new Uint8Array(createECDH(curve).generateKeys());
    assert.equal(signTls12Content({ ...tls12, namedCurve, publicKey }).length, 64 + 4 + publicKey.length);
    const offCurve = publicKey.slice();
    offCurve[offCurve.length - 1]! ^= 1;
    const compressed = Uint8Array.of(2, ...publicKey.subarray(1, (publicKey.length + 1) / 2));
    const otherForm = publicKey.slice();
    otherForm[0] = 6;
    for (
      const wrong of [
        offCurve,
        compressed,
        otherForm,
        publicKey.subarray(0, -1),
        new Uint8Array(publicKey.length),
      ]
    ) {
      assert.throws(() => signTls12Content({ ...tls12, namedCurve, publicKey: wrong }), {
        code: "bad-request",
      });
    }
  });
}

Deno.test("TLS 1.2 is refused with other groups, other lengths, and SHA-1", () => {
  const wrong: Partial<SignTls12Request>[] = [
    { namedCurve: NamedGroup.secp521r1, publicKey: new Uint8Array(133) },
    { namedCurve: NamedGroup.x448, publicKey: new Uint8Array(56) },
    { namedCurve: NamedGroup.ffdhe2048, publicKey: new Uint8Array(255) },
    { publicKey: new Uint8Array(31) },
    { publicKey: new Uint8Array(33) },
    { signatureScheme: SignatureScheme.rsa_pkcs1_sha1 },
    { signatureScheme: SignatureScheme.ecdsa_sha1 },
  ];
  for (const changes of wrong) {
    assert.throws(() => signTls12Content({ ...tls12, ...changes }), { code: "bad-request" });
  }
});

Deno.test("no content of TLS 1.2 is one of TLS 1.3, whatever randoms an edge sends", () => {
  const blanks = new Uint8Array(32).fill(0x20);
  const content12 = signTls12Content({ ...tls12, clientRandom: blanks, serverRandom: blanks });
  assert.equal(content12[64], 3);
  assert.equal(signTls13Content(tls13, "ecdsa-p256")[64], "T".charCodeAt(0));
});
