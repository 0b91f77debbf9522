import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { Authority } from "../../certs/authority.ts";
import { generateKeyPair } from "../../certs/key_pair.ts";
import { parseCertificate, pemToDer } from "../../shared/libcrypto/x509.ts";
import { type ChainExpectations, checkChain } from "./check_chain.ts";
import { IssuanceError } from "./errors.ts";

const day = 86_400_000;
const root = await Authority.createRoot("Test Root");
const intermediate = await root.createIntermediate("Test Intermediate");
const { publicKeyInfo } = await generateKeyPair();
const names = ["www.holdfast.test", "*.pop.holdfast.test"];
const contents = { commonName: names[0]!, dnsNames: names, usages: ["serverAuth"] } as const;
const pem = await intermediate.certify(publicKeyInfo, contents);
const subjectKeyIdentifier = parseCertificate(pemToDer(pem)[0]!).subjectKeyIdentifier.toHex();

function expectations(changes: Partial<ChainExpectations> = {}): ChainExpectations {
  return {
    subjectKeyIdentifier,
    serverNames: names,
    decrypts: false,
    at: new Date(),
    source: "external",
    ...changes,
  };
}

async function refused(
  chain: string,
  reason: RegExp,
  changes: Partial<ChainExpectations> = {},
): Promise<void> {
  await Promise.resolve();
  assert.throws(() => checkChain(chain, expectations(changes)), (error) => {
    assert(error instanceof IssuanceError, String(error));
    assert.match(error.message, reason);
    return true;
  });
}

Deno.test("a chain for the key and the names is taken, its root left out", () => {
  const entity = checkChain(pem + root.certificatePem, expectations());
  assert.equal(entity.chain.length, 2);
  assert.equal(entity.id, createHash("sha256").update(pemToDer(pem)[0]!).digest("hex"));
  assert.deepEqual(entity.serverNames, names);
  assert.deepEqual(checkChain(pem, expectations()), entity);
  assert.deepEqual(checkChain(pem, expectations({ roots: [pemToDer(root.certificatePem)[0]!] })), entity);
});

Deno.test("a chain in the wrong order, with a hole, a stranger's or an unknown root's is refused", async () => {
  const [leaf, issuer] = pem.split(/(?<=END CERTIFICATE-----\n)/);
  const stranger = await Authority.createRoot("Test Root");
  await refused(issuer! + leaf!, /for another key/);
  await refused(leaf! + root.certificatePem, /certificate 2 of the chain did not issue/);
  await refused(pem + stranger.certificatePem, /certificate 3 of the chain did not issue/);
  await refused(pem, /chain is not valid: .*issuer/, { roots: [pemToDer(stranger.certificatePem)[0]!] });
  await refused(leaf!, /chain is not valid/, { roots: [pemToDer(root.certificatePem)[0]!] });
});

Deno.test("a certificate of another key, for other names, outside its time or of another use is refused", async () => {
  await refused(pem, /another key/, { subjectKeyIdentifier: "0".repeat(40) });
  await refused(pem, /does not cover api\.holdfast\.test/, { serverNames: [...names, "api.holdfast.test"] });
  await refused(pem, /also covers \*\.pop\.holdfast\.test/, { serverNames: [names[0]!] });
  await refused(pem, /not valid before/, { at: new Date(Date.now() - day) });
  await refused(pem, /expired/, { at: new Date(Date.now() + 8 * day) });
  await refused(
    await intermediate.certify(publicKeyInfo, { ...contents, usages: ["clientAuth"] }),
    /serverAuth/,
  );
  await refused(pem, /keyEncipherment/, { decrypts: true });
});

Deno.test("an intermediate that ends before now is found, though the leaf is valid", async () => {
  const old = await root.createIntermediate("Old", {
    notBefore: new Date(Date.now() - 9 * day),
    notAfter: new Date(Date.now() - day),
  });
  await refused(await old.certify(publicKeyInfo, contents), /chain is not valid: certificate has expired/);
});

Deno.test("what is no PEM chain is refused, and bytes of any kind raise nothing but IssuanceError", async () => {
  await refused("", /no PEM block/);
  await refused("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", /cannot be read/);
  await refused(pem.repeat(9), /18 certificates/);
  const base64 = fc.uint8Array({ maxLength: 600 }).map((bytes) => bytes.toBase64());
  fc.assert(fc.property(fc.array(base64, { maxLength: 3 }), (blocks) => {
    const text = blocks.map((block) => `-----BEGIN CERTIFICATE-----\n${block}\n-----END CERTIFICATE-----\n`)
      .join("");
    assert.throws(() => checkChain(text, expectations()), IssuanceError);
  }));
});
