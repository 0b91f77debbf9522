import assert from "node:assert/strict";
import { type CertificateContents } from "../../certs/authority.ts";
import * as x509 from "../pki/x509.ts";
import { CertificateError } from "./errors.ts";
import { type ChainFailure, type ChainVerdict, ChainVerifier } from "./x509_verify.ts";

const ecdsa = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const day = 86_400_000;
const now = Date.now();

interface Issued {
  readonly name: string;
  readonly keys: CryptoKeyPair;
  readonly der: Uint8Array<ArrayBuffer>;
  readonly serialNumber: string;
}

interface Wanted {
  readonly issuer?: Issued;
  readonly authority?: boolean;
  readonly usages?: CertificateContents["usages"];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly rsaBits?: number;
}

let serial = 0;

/** A certificate; self-signed without an issuer. */
async function issue(name: string, wanted: Wanted = {}): Promise<Issued> {
  const algorithm = wanted.rsaBits === undefined ? ecdsa : {
    name: "RSASSA-PKCS1-v1_5",
    hash: "SHA-256",
    modulusLength: wanted.rsaBits,
    publicExponent: new Uint8Array([1, 0, 1]),
  };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]) as CryptoKeyPair;
  const { issuer = { name, keys }, authority = false, usages = ["clientAuth"] } = wanted;
  const serialNumber = (++serial).toString(16).padStart(4, "0");
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber,
    issuer: `CN=${issuer.name}`,
    subject: `CN=${name}`,
    notBefore: wanted.notBefore ?? new Date(now - day),
    notAfter: wanted.notAfter ?? new Date(now + day),
    publicKey: keys.publicKey,
    signingKey: issuer.keys.privateKey,
    signingAlgorithm: ecdsa,
    extensions: [
      new x509.BasicConstraintsExtension(authority, undefined, true),
      ...authority
        ? [new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true)]
        : [new x509.ExtendedKeyUsageExtension(usages.map((usage) => x509.ExtendedKeyUsage[usage]))],
    ],
  });
  return { name, keys, der: new Uint8Array(certificate.rawData), serialNumber };
}

async function revocationList(
  issuer: Issued,
  revoked: Issued[],
  nextUpdate = now + day,
): Promise<Uint8Array> {
  const list = await x509.X509CrlGenerator.create({
    issuer: `CN=${issuer.name}`,
    thisUpdate: new Date(now - 2 * day),
    nextUpdate: new Date(nextUpdate),
    signingAlgorithm: ecdsa,
    signingKey: issuer.keys.privateKey,
    entries: revoked.map(({ serialNumber }) => ({ serialNumber, revocationDate: new Date(now - day) })),
  });
  return new Uint8Array(list.rawData);
}

const root = await issue("Root", { authority: true });
const middle = await issue("Middle", { authority: true, issuer: root });
const client = await issue("client", { issuer: middle });
const stranger = await issue("Stranger", { authority: true });

function failureOf(verdict: ChainVerdict): ChainFailure | "none" {
  return verdict.valid ? "none" : verdict.failure;
}

Deno.test("a client's chain to a trusted root is valid, its intermediates in any order and with extra ones", () => {
  using verifier = new ChainVerifier({ authorities: [root.der], purpose: "client" });
  assert.deepEqual(verifier.verify([client.der, middle.der]), { valid: true });
  assert.deepEqual(verifier.verify([client.der, stranger.der, root.der, middle.der]), { valid: true });
});

Deno.test("a trusted intermediate is an anchor of its own", () => {
  using verifier = new ChainVerifier({ authorities: [middle.der], purpose: "client" });
  assert.deepEqual(verifier.verify([client.der]), { valid: true });
});

Deno.test("a chain to an authority that is not trusted, or without its intermediate, is refused", () => {
  using verifier = new ChainVerifier({ authorities: [root.der], purpose: "client" });
  assert.equal(failureOf(verifier.verify([client.der])), "unknown-authority");
  using other = new ChainVerifier({ authorities: [stranger.der], purpose: "client" });
  assert.equal(failureOf(other.verify([client.der, middle.der])), "unknown-authority");
  assert.equal(failureOf(other.verify([client.der, middle.der, root.der])), "unknown-authority");
  using none = new ChainVerifier({ authorities: [], purpose: "client" });
  assert.equal(failureOf(none.verify([client.der, middle.der])), "unknown-authority");
});

Deno.test("a leaf is valid between its dates and at no other time", () => {
  using verifier = new ChainVerifier({ authorities: [root.der], purpose: "client" });
  const chain = [client.der, middle.der];
  assert.equal(failureOf(verifier.verify(chain, new Date(now + 2 * day))), "expired");
  assert.equal(failureOf(verifier.verify(chain, new Date(now - 2 * day))), "not-yet-valid");
  assert.equal(failureOf(verifier.verify(chain, new Date(now + day - 2000))), "none");
});

Deno.test("a server's certificate is no client's, nor the other way round", async () => {
  const server = await issue("server", { issuer: root, usages: ["serverAuth"] });
  using clients = new ChainVerifier({ authorities: [root.der], purpose: "client" });
  using servers = new ChainVerifier({ authorities: [root.der], purpose: "server" });
  assert.equal(failureOf(clients.verify([server.der])), "wrong-purpose");
  assert.equal(failureOf(servers.verify([client.der, middle.der])), "wrong-purpose");
  assert.equal(failureOf(servers.verify([server.der])), "none");
});

Deno.test("a leaf cannot issue, and a forged signature is refused", async () => {
  const forged = await issue("forged", { issuer: client });
  using verifier = new ChainVerifier({ authorities: [root.der], purpose: "client" });
  const verdict = verifier.verify([forged.der, client.der, middle.der]);
  assert.equal(verdict.valid, false);
  const tampered = client.der.slice();
  tampered[tampered.length - 1]! ^= 1;
  assert.equal(failureOf(verifier.verify([tampered, middle.der])), "bad-signature");
});

Deno.test("a revoked leaf or intermediate is refused, and so is a chain whose revocation is unknown", async () => {
  const other = await issue("other client", { issuer: middle });
  const fromRoot = await revocationList(root, []);
  const fromMiddle = await revocationList(middle, [client]);
  const chain = (leaf: Issued) => [leaf.der, middle.der];
  const verifierOf = (...revocationLists: Uint8Array[]) =>
    new ChainVerifier({ authorities: [root.der], revocationLists, purpose: "client" });
  using both = verifierOf(fromRoot, fromMiddle);
  assert.equal(failureOf(both.verify(chain(client))), "revoked");
  assert.equal(failureOf(both.verify(chain(other))), "none");
  using middleRevoked = verifierOf(await revocationList(root, [middle]), fromMiddle);
  assert.equal(failureOf(middleRevoked.verify(chain(other))), "revoked");
  using partial = verifierOf(fromRoot);
  assert.equal(failureOf(partial.verify(chain(other))), "revocation-unknown");
  using stale = verifierOf(fromRoot, await revocationList(middle, [], now - day));
  assert.equal(failureOf(stale.verify(chain(other))), "revocation-unknown");
});

Deno.test("an RSA key under 2048 bits is refused as weak", async () => {
  const weak = await issue("weak", { issuer: root, rsaBits: 1024 });
  const strong = await issue("strong", { issuer: root, rsaBits: 2048 });
  using verifier = new ChainVerifier({ authorities: [root.der], purpose: "client" });
  assert.equal(failureOf(verifier.verify([weak.der])), "weak");
  assert.equal(failureOf(verifier.verify([strong.der])), "none");
});

Deno.test("an empty chain and garbage in it are refused as malformed, garbage in the options is an error", () => {
  using verifier = new ChainVerifier({ authorities: [root.der], purpose: "client" });
  assert.equal(failureOf(verifier.verify([])), "malformed");
  assert.equal(failureOf(verifier.verify([client.der, new Uint8Array(9)])), "malformed");
  const garbage = new Uint8Array(9);
  assert.throws(() => new ChainVerifier({ authorities: [garbage], purpose: "client" }), CertificateError);
  const options = { authorities: [root.der], revocationLists: [garbage], purpose: "client" as const };
  assert.throws(() => new ChainVerifier(options), CertificateError);
});

Deno.test("the authorities' names are those of their certificates, in DER", () => {
  using verifier = new ChainVerifier({ authorities: [root.der, stranger.der], purpose: "client" });
  const names = verifier.authorityNames.map((der) => new x509.Name(der).toString());
  assert.deepEqual(names, ["CN=Root", "CN=Stranger"]);
});

Deno.test("a disposed verifier refuses to verify", () => {
  const verifier = new ChainVerifier({ authorities: [root.der], purpose: "client" });
  verifier[Symbol.dispose]();
  verifier[Symbol.dispose]();
  assert.throws(() => verifier.verify([client.der]), TypeError);
});
