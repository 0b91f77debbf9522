import assert from "node:assert/strict";
import { AlertDescription } from "../../shared/tls_constants.ts";
import { ClientPki } from "../../test/harness/client_pki.ts";
import { TemporaryFolder } from "../../test/harness/temporary_folder.ts";
import { loadClientAuthorities, loadRevocationLists } from "./client_authorities.ts";
import { ClientVerifier } from "./client_verifier.ts";
import { CertificateError } from "./errors.ts";

const pki = await ClientPki.create();
const stranger = await ClientPki.create("Stranger CA");
const identity = await pki.issue();
const revoked = await pki.issue();

/** The error's code and reason for a file with these contents. */
async function refusal(
  load: (file: string) => Promise<unknown>,
  contents: string | Uint8Array | undefined,
): Promise<CertificateError> {
  await using folder = await TemporaryFolder.create();
  const file = folder.file("file");
  if (typeof contents === "string") await Deno.writeTextFile(file, contents);
  else if (contents !== undefined) await Deno.writeFile(file, contents);
  try {
    await load(file);
  } catch (error) {
    assert(error instanceof CertificateError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: "the file was accepted" });
}

Deno.test("a bundle gives its authorities, and lists come from PEM and from DER", async () => {
  await using folder = await TemporaryFolder.create();
  await Deno.writeTextFile(folder.file("ca.pem"), pki.authorityPem + stranger.authorityPem);
  assert.deepEqual(await loadClientAuthorities(folder.file("ca.pem")), [
    pki.authorityDer,
    stranger.authorityDer,
  ]);
  const list = await pki.revocationList(revoked);
  await Deno.writeFile(folder.file("list.der"), list);
  assert.deepEqual(await loadRevocationLists(folder.file("list.der")), [list]);
  await Deno.writeTextFile(folder.file("lists.pem"), await pki.revocationListPem(revoked) + "\n");
  assert.equal((await loadRevocationLists(folder.file("lists.pem"))).length, 1);
});

Deno.test("a file that is absent, empty, of the wrong kind, damaged, or has a key in it is refused with its reason", async () => {
  const { certificatePem, privateKeyPem } = identity;
  const absent = await refusal(loadClientAuthorities, undefined);
  assert.deepEqual([absent.code, absent.reason], ["certificate-unreadable", "there is no such file"]);
  assert.match((await refusal(loadClientAuthorities, "")).reason, /no PEM certificate/);
  const withKey = await refusal(loadClientAuthorities, certificatePem + privateKeyPem);
  assert.equal(withKey.code, "private-key-on-edge");
  const damaged = pki.authorityPem.replace(/[A-Za-z]{4}(?=\s*-----END)/, "AAAA").replace("MII", "MIA");
  assert.equal((await refusal(loadClientAuthorities, damaged)).code, "certificate-malformed");
  assert.match(
    (await refusal(loadRevocationLists, pki.authorityPem)).reason,
    /no certificate revocation list/,
  );
  assert.equal(
    (await refusal(loadRevocationLists, new Uint8Array([0x30, 0]))).code,
    "certificate-malformed",
  );
});

Deno.test("a bundle whose names no CertificateRequest has room for is refused", async () => {
  const long = await ClientPki.create("x".repeat(60));
  const pem = long.authorityPem.repeat(1000);
  assert.match((await refusal(loadClientAuthorities, pem)).reason, /room for 60000/);
});

Deno.test("each failure of a chain is told by its own alert, and a session holds as long as its chain", async () => {
  const { unknown_ca, certificate_expired, certificate_revoked, unsupported_certificate } = AlertDescription;
  const past = new Date(Date.now() - 1000);
  using verifier = new ClientVerifier("required", {
    authorities: [pki.authorityDer],
    revocationLists: [await pki.revocationList(revoked)],
  });
  const alertFor = (chain: readonly Uint8Array[]) => {
    const verdict = verifier.verify(chain);
    assert.equal(verifier.policy.stillHolds!(chain), verdict.accepted);
    return verdict.accepted ? undefined : verdict.alert;
  };
  assert.equal(alertFor(identity.chain), undefined);
  assert.equal(alertFor(revoked.chain), certificate_revoked);
  assert.equal(alertFor((await stranger.issue()).chain), unknown_ca);
  assert.equal(alertFor((await pki.issue({ notAfter: past })).chain), certificate_expired);
  assert.equal(alertFor((await pki.issue({ usage: "serverAuth" })).chain), unsupported_certificate);
});
