/** For token_keys_test.ts: what is made, signed and destroyed in a real token. */
import assert from "node:assert/strict";
import pkcs11js from "pkcs11js";
import { join } from "node:path";
import { parseCertificate } from "../../../shared/libcrypto/x509.ts";
import { runCommand } from "../../../test/harness/command.ts";
import { listPrivateKeys, listPublicKeys, readFlag } from "../../token/key_finder.ts";
import { type KeyAlgorithm, privateKeyTemplate } from "../../token/key_templates.ts";
import { runScenario, type ScenarioContext } from "../../token/testing/token_process.ts";
import type { Token } from "../../token/token.ts";
import { certificateRequest } from "../certificate_request.ts";
import { checkChain } from "../check_chain.ts";
import { certify, selfSignedAuthority, serverCertificate, validFor } from "../token_authority.ts";
import { TokenKeys } from "../token_keys.ts";

const names = ["www.holdfast.test", "*.pop.holdfast.test"];
const day = 86_400_000;

async function counts({ calls, session }: Token, object: string): Promise<[number, number]> {
  return [
    (await listPrivateKeys(calls, session, { object })).length,
    (await listPublicKeys(calls, session, { object })).length,
  ];
}

async function openssl(folder: string, pem: string, ...args: string[]): Promise<string> {
  const file = join(folder, "input.pem");
  await Deno.writeTextFile(file, pem);
  const { code, stdout, stderr } = await runCommand("openssl", [...args, "-in", file]);
  assert.equal(code, 0, stderr);
  return stdout + stderr;
}

async function requests({ token, folder }: ScenarioContext): Promise<void> {
  const keys = new TokenKeys(() => [token]);
  for (const algorithm of ["ecdsa-p256", "ecdsa-p384", "ed25519", "rsa-2048"] as const) {
    const { uri, publicKey } = await keys.generate(undefined, { label: algorithm, algorithm });
    const pem = await certificateRequest(await keys.load(uri), names, algorithm === "rsa-2048");
    const text = await openssl(folder, pem, "req", "-verify", "-noout", "-text");
    assert.match(text, /verify OK/i);
    assert.match(text, /DNS:www\.holdfast\.test, DNS:\*\.pop\.holdfast\.test/);
    assert.match(text, /TLS Web Server Authentication/);
    assert.equal(/Key Encipherment/.test(text), algorithm === "rsa-2048");
    const inRequest = await openssl(folder, pem, "req", "-noout", "-pubkey");
    assert.equal(
      Uint8Array.fromBase64(inRequest.replace(/-----[^-]+-----|\s/g, "")).toHex(),
      publicKey.subjectPublicKeyInfo.toHex(),
    );
  }
}

async function authority({ token, folder }: ScenarioContext): Promise<void> {
  const keys = new TokenKeys(() => [token]);
  for (const algorithm of ["ecdsa-p256", "rsa-2048", "ecdsa-p384"] as const) {
    const { uri } = await keys.generate(undefined, { label: `ca-${algorithm}`, algorithm });
    const site = await keys.generate(undefined, { label: `site-${algorithm}`, algorithm: "ecdsa-p256" });
    const key = await keys.load(uri);
    const now = new Date();
    const root = await selfSignedAuthority(key, "Test Authority", validFor(365 * day, now));
    const leaf = await certify(
      key,
      root,
      serverCertificate(
        site.publicKey.subjectPublicKeyInfo,
        names,
        false,
        validFor(30 * day, now),
      ),
    );
    const pem = [leaf, root].map((der) =>
      `-----BEGIN CERTIFICATE-----\n${der.toBase64()}\n-----END CERTIFICATE-----\n`
    ).join("");
    const entity = checkChain(pem, {
      subjectKeyIdentifier: site.publicKey.subjectKeyIdentifier.toHex(),
      serverNames: names,
      decrypts: false,
      at: now,
      source: "development",
      roots: [root],
    });
    assert.deepEqual(entity.serverNames, names);
    assert.equal(
      parseCertificate(leaf).notAfter.getTime(),
      Math.floor((now.getTime() + 30 * day) / 1000) * 1000,
    );
    await Deno.writeTextFile(join(folder, "root.pem"), pem.slice(pem.indexOf("-----BEGIN", 10)));
    const verified = await runOpensslVerify(folder, pem.slice(0, pem.indexOf("-----BEGIN", 10)));
    assert.match(verified, /OK/);
  }
}

async function runOpensslVerify(folder: string, leaf: string): Promise<string> {
  const file = join(folder, "leaf.pem");
  await Deno.writeTextFile(file, leaf);
  const args = ["verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", join(folder, "root.pem"), file];
  const { code, stdout, stderr } = await runCommand("openssl", args);
  assert.equal(code, 0, stderr);
  return stdout;
}

async function once({ token }: ScenarioContext): Promise<void> {
  const keys = new TokenKeys(() => [token]);
  const options = { label: "rotated", algorithm: "ecdsa-p256" as KeyAlgorithm };
  const first = await keys.generate(undefined, { ...options, once: true });
  const again = await keys.generate(undefined, { ...options, once: true });
  assert.equal(again.publicKey.subjectKeyIdentifier.toHex(), first.publicKey.subjectKeyIdentifier.toHex());
  assert.deepEqual(await counts(token, "rotated"), [1, 1]);
  await assert.rejects(keys.generate(undefined, options), /label rotated is taken/);

  // A crash between the halves: what is left cannot be used, and gives way.
  await token.change(async (calls, session) => {
    for (const half of await listPublicKeys(calls, session, { object: "rotated" })) {
      await calls.C_DestroyObject(session, half);
    }
  });
  const anew = await keys.generate(undefined, { ...options, once: true });
  assert.notEqual(anew.publicKey.subjectKeyIdentifier.toHex(), first.publicKey.subjectKeyIdentifier.toHex());
  assert.deepEqual(await counts(token, "rotated"), [1, 1]);
}

async function destruction({ token }: ScenarioContext): Promise<void> {
  const keys = new TokenKeys(() => [token]);
  const made = await keys.generate(undefined, { label: "old", algorithm: "rsa-2048" });
  const other = await keys.generate(undefined, { label: "other", algorithm: "ecdsa-p256" });
  const subjectKeyIdentifier = made.publicKey.subjectKeyIdentifier.toHex();
  await assert.rejects(keys.destroy({ uri: other.uri, subjectKeyIdentifier }), /another one under its name/);
  assert.deepEqual(await counts(token, "other"), [1, 1]);
  await keys.destroy({ uri: made.uri, subjectKeyIdentifier });
  assert.deepEqual(await counts(token, "old"), [0, 0]);
  await assert.rejects(keys.load(made.uri), /Cannot find a private key/);
  await keys.destroy({ uri: made.uri, subjectKeyIdentifier });
  assert.deepEqual(await counts(token, "other"), [1, 1]);
  await assert.rejects(
    keys.generate({ label: "elsewhere" }, { label: "x", algorithm: "rsa-2048" }),
    /no token elsewhere/,
  );
}

/** The token says of each what was asked of it, and a key that says otherwise is gone again. */
async function attributes({ token }: ScenarioContext): Promise<void> {
  const keys = new TokenKeys(() => [token]);
  const { calls, session, module: { addon } } = token;
  for (const decrypts of [false, true]) {
    const label = `decrypts-${decrypts}`;
    await keys.generate(undefined, { label, algorithm: "rsa-2048", decrypts });
    const [key] = await listPrivateKeys(calls, session, { object: label });
    assert.equal(await readFlag(calls, session, key!, pkcs11js.CKA_DECRYPT), decrypts);
  }
  // A module that makes keys extractable: the same calls with another template.
  const real = addon.C_GenerateKeyPairAsync.bind(addon);
  const extractable = { type: pkcs11js.CKA_EXTRACTABLE, value: true };
  addon.C_GenerateKeyPairAsync = (session, mechanism, publicHalf, privateHalf) =>
    real(session, mechanism, publicHalf, [
      ...privateHalf.filter(({ type }) => type !== pkcs11js.CKA_EXTRACTABLE),
      extractable,
    ]);
  assert(privateKeyTemplate([], false).some(({ type }) => type === pkcs11js.CKA_EXTRACTABLE));
  await assert.rejects(
    keys.generate(undefined, { label: "leaky", algorithm: "ecdsa-p256" }),
    /CKA_EXTRACTABLE is not false, CKA_NEVER_EXTRACTABLE is not true/,
  );
  assert.deepEqual(await counts(token, "leaky"), [0, 0]);
  addon.C_GenerateKeyPairAsync = () => Promise.reject(new Error("CKR_DEVICE_MEMORY:49"));
  await assert.rejects(
    keys.generate(undefined, { label: "full", algorithm: "ecdsa-p256" }),
    /CKR_DEVICE_MEMORY: the token is full; destroy keys that are retired/,
  );
}

/** Generation does not hold up signatures, and closing waits for it. */
async function beside({ token }: ScenarioContext): Promise<void> {
  const keys = new TokenKeys(() => [token]);
  const { uri } = await keys.generate(undefined, { label: "busy", algorithm: "ecdsa-p256" });
  const key = await keys.load(uri);
  let generated = false;
  const generation = keys.generate(undefined, { label: "large", algorithm: "rsa-4096" }).then(() =>
    generated = true
  );
  let signedMeanwhile = 0;
  while (!generated) {
    await key.sign(key.signatureSchemes[0]!, new Uint8Array(32), () => false);
    if (!generated) signedMeanwhile++;
  }
  await generation;
  assert(signedMeanwhile > 0, `${signedMeanwhile} signatures meanwhile`);
  const last = keys.generate(undefined, { label: "last", algorithm: "rsa-3072" });
  await Promise.all([token.reopen(), last]);
  assert.deepEqual(await counts(token, "last"), [1, 1]);
}

await runScenario({ requests, authority, once, destruction, attributes, beside });
