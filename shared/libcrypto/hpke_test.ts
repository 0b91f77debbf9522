import assert from "node:assert/strict";
import fc from "fast-check";
import { LockedPool } from "../memory/locked_pool.ts";
import { HpkeError, KeyAgreementError } from "./errors.ts";
import { fromHex, toHex } from "./hexadecimal.ts";
import { type HpkeAead, type HpkeBinding, HpkeContext, hpkeOpen, hpkeSeal } from "./hpke.ts";
import { decapsulateShared, encapsulateShared } from "./hpke_kem.ts";
import { EphemeralKeyPair } from "./key_agreement.ts";

interface Vector {
  readonly section: string;
  readonly aead: HpkeAead;
  readonly skEm: string;
  readonly pkEm: string;
  readonly skRm: string;
  readonly pkRm: string;
  readonly sharedSecret: string;
  /** Ciphertexts by sequence number; the aad is "Count-N". */
  readonly ciphertexts: Readonly<Record<number, string>>;
}

const info = fromHex("4f6465206f6e2061204772656369616e2055726e");
const plaintext = fromHex("4265617574792069732074727574682c20747275746820626561757479");
const vectors: Vector[] = [
  {
    section: "A.1.1",
    aead: "aes-128-gcm",
    skEm: "52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736",
    pkEm: "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431",
    skRm: "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8",
    pkRm: "3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d",
    sharedSecret: "fe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc",
    ciphertexts: {
      0: "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a",
      1: "af2d7e9ac9ae7e270f46ba1f975be53c09f8d875bdc8535458c2494e8a6eab251c03d0c22a56b8ca42c2063b84",
      2: "498dfcabd92e8acedc281e85af1cb4e3e31c7dc394a1ca20e173cb72516491588d96a19ad4a683518973dcc180",
      4: "583bd32bc67a5994bb8ceaca813d369bca7b2a42408cddef5e22f880b631215a09fc0012bc69fccaa251c0246d",
      255: "7175db9717964058640a3a11fb9007941a5d1757fda1a6935c805c21af32505bf106deefec4a49ac38d71c9e0a",
      256: "957f9800542b0b8891badb026d79cc54597cb2d225b54c00c5238c25d05c30e3fbeda97d2e0e1aba483a2df9f2",
    },
  },
  {
    section: "A.2.1",
    aead: "chacha20-poly1305",
    skEm: "f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600",
    pkEm: "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a",
    skRm: "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb",
    pkRm: "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a",
    sharedSecret: "0bbe78490412b4bbea4812666f7916932b828bba79942424abb65244930d69a7",
    ciphertexts: {
      0: "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28",
      1: "6b53c051e4199c518de79594e1c4ab18b96f081549d45ce015be002090bb119e85285337cc95ba5f59992dc98c",
      2: "71146bd6795ccc9c49ce25dda112a48f202ad220559502cef1f34271e0cb4b02b4f10ecac6f48c32f878fae86b",
      4: "63357a2aa291f5a4e5f27db6baa2af8cf77427c7c1a909e0b37214dd47db122bb153495ff0b02e9e54a50dbe16",
      255: "18ab939d63ddec9f6ac2b60d61d36a7375d2070c9b683861110757062c52b8880a5f6b3936da9cd6c23ef2a95c",
      256: "7a4a13e9ef23978e2c520fd4d2e757514ae160cd0cd05e556ef692370ca53076214c0c40d4c728d6ed9e727a5b",
    },
  },
];

function pairOf(pool: LockedPool, scalar: string): EphemeralKeyPair {
  using secret = pool.rent(32);
  secret.bytes.set(fromHex(scalar));
  return EphemeralKeyPair.fromX25519Scalar(secret);
}

for (const vector of vectors) {
  Deno.test(`HPKE in base mode equals RFC 9180, Appendix ${vector.section}, sealed and opened`, () => {
    using pool = LockedPool.open({ totalBytes: 4096 });
    using ephemeral = pairOf(pool, vector.skEm);
    using recipient = pairOf(pool, vector.skRm);
    assert.equal(toHex(ephemeral.publicKey), vector.pkEm);
    assert.equal(toHex(recipient.publicKey), vector.pkRm);
    {
      using sent = encapsulateShared(pool, ephemeral, recipient.publicKey);
      using received = decapsulateShared(pool, recipient, ephemeral.publicKey);
      assert.equal(toHex(sent.bytes), vector.sharedSecret);
      assert.equal(toHex(received.bytes), vector.sharedSecret);
    }
    const binding = { aead: vector.aead, info };
    using sender = HpkeContext.forSender(pool, ephemeral, recipient.publicKey, binding);
    using receiver = HpkeContext.forRecipient(pool, recipient, ephemeral.publicKey, binding);
    for (let sequence = 0; sequence <= 256; sequence++) {
      const aad = new TextEncoder().encode(`Count-${sequence}`);
      const ciphertext = sender.seal(aad, plaintext);
      const expected = vector.ciphertexts[sequence];
      if (expected !== undefined) assert.equal(toHex(ciphertext), expected);
      using opened = receiver.open(pool, aad, ciphertext);
      assert.equal(toHex(opened.bytes), toHex(plaintext));
    }
    assert.equal(pool.blocksInUse, 4);
  });
}

Deno.test("HPKE in auth mode equals RFC 9180, Appendix A.2.3, sealed and opened; from another sender nothing opens", () => {
  using pool = LockedPool.open({ totalBytes: 4096 });
  using ephemeral = pairOf(pool, "c94619e1af28971c8fa7957192b7e62a71ca2dcdde0a7cc4a8a9e741d600ab13");
  using recipient = pairOf(pool, "3ca22a6d1cda1bb9480949ec5329d3bf0b080ca4c45879c95eddb55c70b80b82");
  using sender = pairOf(pool, "2def0cb58ffcf83d1062dd085c8aceca7f4c0c3fd05912d847b61f3e54121f05");
  assert.equal(
    toHex(sender.publicKey),
    "f0f4f9e96c54aeed3f323de8534fffd7e0577e4ce269896716bcb95643c8712b",
  );
  const binding = { aead: "chacha20-poly1305", info } as const;
  using sealing = HpkeContext.forKnownSender(pool, ephemeral, sender, recipient.publicKey, binding);
  using opening = HpkeContext.fromKnownSender(
    pool,
    recipient,
    sender.publicKey,
    ephemeral.publicKey,
    binding,
  );
  const expected = [
    "ab1a13c9d4f01a87ec3440dbd756e2677bd2ecf9df0ce7ed73869b98e00c09be111cb9fdf077347aeb88e61bdf",
    "3265c7807ffff7fdace21659a2c6ccffee52a26d270c76468ed74202a65478bfaedfff9c2b7634e24f10b71016",
    "3aadee86ad2a05081ea860033a9d09dbccb4acac2ded0891da40f51d4df19925f7a767b076a5cbc9355c8fd35e",
  ];
  for (const [sequence, ciphertext] of expected.entries()) {
    const aad = new TextEncoder().encode(`Count-${sequence}`);
    const sealed = sealing.seal(aad, plaintext);
    assert.equal(toHex(sealed), ciphertext);
    using opened = opening.open(pool, aad, sealed);
    assert.equal(toHex(opened.bytes), toHex(plaintext));
  }
  using stranger = EphemeralKeyPair.generate("x25519");
  using mistaken = HpkeContext.fromKnownSender(
    pool,
    recipient,
    stranger.publicKey,
    ephemeral.publicKey,
    binding,
  );
  using unsigned = HpkeContext.forRecipient(pool, recipient, ephemeral.publicKey, binding);
  const first = new TextEncoder().encode("Count-0");
  for (const context of [mistaken, unsigned]) {
    assert.throws(() => context.open(pool, first, fromHex(expected[0]!)), HpkeError);
  }
});

Deno.test("what is sealed opens from pool to pool, and no block stays behind", () => {
  using pool = LockedPool.open({ totalBytes: 4096 });
  using recipient = EphemeralKeyPair.generate("x25519");
  fc.assert(
    fc.property(
      fc.constantFrom<HpkeAead>("aes-128-gcm", "chacha20-poly1305"),
      fc.uint8Array({ minLength: 1, maxLength: 48 }),
      fc.uint8Array(),
      fc.uint8Array(),
      (aead, message, info, aad) => {
        using secret = pool.rent(message.length);
        secret.bytes.set(message);
        const sealed = hpkeSeal(pool, recipient.publicKey, { aead, info, aad }, secret);
        assert.equal(sealed.encapsulatedKey.length, 32);
        using opened = hpkeOpen(pool, recipient, { aead, info, aad }, sealed);
        assert.deepEqual(opened.bytes.slice(), message);
        assert.equal(pool.blocksInUse, 2);
      },
    ),
  );
});

Deno.test("a message opens under no other key, info, additional data, AEAD or after a flipped bit", () => {
  using pool = LockedPool.open({ totalBytes: 4096 });
  using recipient = EphemeralKeyPair.generate("x25519");
  using stranger = EphemeralKeyPair.generate("x25519");
  using secret = pool.rent(48);
  const binding: HpkeBinding = { aead: "aes-128-gcm", info: Uint8Array.of(1), aad: Uint8Array.of(2) };
  const sealed = hpkeSeal(pool, recipient.publicKey, binding, secret);
  const fails = (key: EphemeralKeyPair, other: Partial<HpkeBinding>, message = sealed) =>
    assert.throws(() => hpkeOpen(pool, key, { ...binding, ...other }, message), HpkeError);
  fails(stranger, {});
  fails(recipient, { info: Uint8Array.of(3) });
  fails(recipient, { aad: Uint8Array.of(3) });
  fails(recipient, { aead: "chacha20-poly1305" });
  for (const part of ["encapsulatedKey", "ciphertext"] as const) {
    const flipped = sealed[part].slice();
    flipped[0]! ^= 1;
    fails(recipient, {}, { ...sealed, [part]: flipped });
  }
  fails(recipient, {}, { ...sealed, ciphertext: sealed.ciphertext.slice(0, 16) });
  const lowOrder = { ...sealed, encapsulatedKey: new Uint8Array(32) };
  assert.throws(() => hpkeOpen(pool, recipient, binding, lowOrder), KeyAgreementError);
  assert.equal(pool.blocksInUse, 1);
});
