import assert from "node:assert/strict";
import { DevelopmentPki } from "../../certs/dev_pki.ts";
import { generateKeyPair } from "../../certs/key_pair.ts";
import { OcspResponder } from "../../test/harness/ocsp_responder.ts";
import { TemporaryFolder } from "../../test/harness/temporary_folder.ts";
import { OcspError } from "./errors.ts";
import { readOcspResponse } from "./ocsp.ts";
import { pemToDer } from "./x509.ts";

const day = 86_400_000;
const pki = await DevelopmentPki.create();
/** A site's chain in PEM: leaf and intermediate. */
async function chainOf(): Promise<string> {
  const { publicKeyInfo } = await generateKeyPair();
  return await pki.siteCertificate(publicKeyInfo, ["www.holdfast.test"]);
}

const chainPem = await chainOf();
const chain = pemToDer(chainPem);

async function withResponder(run: (responder: OcspResponder) => Promise<void>, authority = pki.web) {
  await using folder = await TemporaryFolder.create();
  await run(await OcspResponder.create(folder.path, authority));
}

const refusedWith = (words: RegExp) => (error: unknown) =>
  error instanceof OcspError && error.code === "ocsp" && words.test(error.reason);

Deno.test("a response tells of the certificate it names, whatever the digest of its CertID", () =>
  withResponder(async (responder) => {
    for (const digest of ["sha1", "sha256", "sha384", "sha512"] as const) {
      const { status, thisUpdate, nextUpdate } = readOcspResponse(
        await responder.answer(chainPem, { digest }),
        chain,
      );
      assert.equal(status, "good");
      assert.ok(Math.abs(thisUpdate.getTime() - Date.now()) < day / 2);
      assert.equal(nextUpdate!.getTime() - thisUpdate.getTime(), 7 * day);
    }
    for (const status of ["revoked", "unknown"] as const) {
      assert.equal(readOcspResponse(await responder.answer(chainPem, { status }), chain).status, status);
    }
    const timeless = readOcspResponse(await responder.answer(chainPem, { days: null }), chain);
    assert.equal(timeless.nextUpdate, undefined);
  }));

Deno.test("another certificate's response is refused, and one of another authority with the same serial number", () =>
  withResponder(async (responder) => {
    const other = await responder.answer(await chainOf());
    assert.throws(() => readOcspResponse(other, chain), refusedWith(/about another certificate/));
    // The leaf's serial number in the CertID, and another issuer's name.
    await withResponder(async (stranger) => {
      const forged = await stranger.answer(chainPem);
      assert.throws(() => readOcspResponse(forged, chain), refusedWith(/about another certificate/));
    }, pki.edges);
  }));

Deno.test("a response that neither the issuer nor its delegate has signed is refused where the issuer is known", async () => {
  const impostor = await DevelopmentPki.create(); // the same names with other keys
  await withResponder(async (responder) => {
    const forged = await responder.answer(chainPem);
    assert.throws(() => readOcspResponse(forged, chain), refusedWith(/issuer did not sign it/));
    assert.equal(readOcspResponse(forged, chain.slice(0, 1)).status, "good", "nobody to ask");
  }, impostor.web);
});

Deno.test("every unsuccessful status is refused by its name", () => {
  for (const [status, name] of [[1, "malformedRequest"], [3, "tryLater"], [6, "unauthorized"]] as const) {
    const response = Uint8Array.of(0x30, 3, 0x0a, 1, status);
    assert.throws(() => readOcspResponse(response, chain), refusedWith(new RegExp(name)));
  }
  const empty = Uint8Array.of(0x30, 3, 0x0a, 1, 0);
  assert.throws(() => readOcspResponse(empty, chain), refusedWith(/no well-formed BasicOCSPResponse/));
});

Deno.test("every truncation, what follows the end, and every changed byte of what is signed are refused", () =>
  withResponder(async (responder) => {
    const whole = await responder.answer(chainPem);
    for (let length = 0; length < whole.length; length++) {
      assert.throws(() => readOcspResponse(whole.slice(0, length), chain), OcspError, `${length} bytes`);
    }
    const longer = new Uint8Array([...whole, 0]);
    assert.throws(() => readOcspResponse(longer, chain), refusedWith(/bytes follow/));
    // Up to the end of the signed part: 300 bytes cover the headers, the CertID and both times.
    let read = 0;
    for (let at = 0; at < 300; at++) {
      const changed = whole.slice();
      changed[at]! ^= 0x01;
      try {
        readOcspResponse(changed, chain);
        read++;
      } catch (error) {
        assert(error instanceof OcspError, String(error));
      }
    }
    assert.equal(read, 0);
  }));
