/** For key_management_test.ts: what administrators do with keys and certificates, with a real token. */
import assert from "node:assert/strict";
import { Authority } from "../../../certs/authority.ts";
import { createLogger } from "../../../shared/log.ts";
import { pemToDer } from "../../../shared/libcrypto/x509.ts";
import { Pkcs10CertificateRequest, X509Certificate } from "../../../shared/pki/x509.ts";
import { SqliteRegistry } from "../../registry/sqlite_registry.ts";
import { nameEntity, put } from "../../registry/testing/entities.ts";
import { systemClock } from "../../rotation/clock.ts";
import { listPrivateKeys } from "../../token/key_finder.ts";
import { runScenario, type ScenarioContext } from "../../token/testing/token_process.ts";
import { IssuanceError } from "../errors.ts";
import { RegistryKeys } from "../registry_keys.ts";
import { TokenKeys } from "../token_keys.ts";

const author = "uid:0";
const serverNames = ["www.holdfast.test"];
const purposes = ["sign-tls13", "sign-tls12"] as const;

function open({ token }: ScenarioContext, roots: readonly Uint8Array[] = []) {
  const registry = new SqliteRegistry({ path: undefined, log: createLogger("test", "silent") });
  const tokenKeys = new TokenKeys(() => [token]);
  const parts = { registry, tokenKeys, clock: systemClock, externalRoots: () => roots };
  return { registry, tokenKeys, keys: new RegistryKeys(parts) };
}

async function inToken({ token }: ScenarioContext, object: string): Promise<number> {
  return (await listPrivateKeys(token.calls, token.session, { object })).length;
}

function refuses(reason: RegExp) {
  return (error: unknown) => {
    assert(error instanceof IssuanceError, String(error));
    assert.match(error.message, reason);
    return true;
  };
}

async function life(context: ScenarioContext): Promise<void> {
  const { registry, keys } = open(context);
  const key = await keys.generate({ name: "www", algorithm: "ecdsa-p256", purposes }, author);
  assert.deepEqual(registry.state.get("key", "www"), key);
  assert.equal(key.origin, "generated");
  await assert.rejects(
    keys.generate({ name: "www", algorithm: "ecdsa-p256", purposes }, author),
    refuses(/there is a key www already/),
  );
  await assert.rejects(
    keys.generate({ name: "kx", algorithm: "ecdsa-p256", purposes: ["rsa-key-exchange"] }, author),
    refuses(/needs an RSA key/),
  );
  await assert.rejects(keys.destroy("www", author), refuses(/active; retire it first/));
  put(registry, {
    kind: "name",
    put: nameEntity("site", { serverNames, bindings: [{ key: "www", phase: "active" }] }),
  });
  assert.throws(() => keys.retire("www", author), refuses(/site is served with it/));
  put(registry, { kind: "name", put: nameEntity("site", { serverNames }) });
  assert.equal(keys.retire("www", author).state, "retired");
  assert.equal(await inToken(context, "www"), 1);
  assert.equal((await keys.destroy("www", author)).state, "destroyed");
  assert.equal(await inToken(context, "www"), 0);
  assert.equal((await keys.destroy("www", author)).state, "destroyed", "it may be said twice");
  assert.throws(() => keys.retire("www", author), refuses(/was destroyed/));
}

async function referenced(context: ScenarioContext): Promise<void> {
  const { keys, tokenKeys, registry } = open(context);
  const { uri, publicKey } = await tokenKeys.generate(undefined, { label: "theirs", algorithm: "rsa-2048" });
  const key = await keys.reference({ name: "mine", uri, purposes }, author);
  assert.equal(key.origin, "referenced");
  assert.equal(key.algorithm, "rsa-2048");
  assert.equal(key.subjectKeyIdentifier, publicKey.subjectKeyIdentifier.toHex());
  await assert.rejects(keys.reference({ name: "again", uri, purposes }, author), /mine/);
  await assert.rejects(
    keys.reference({ name: "none", uri: "pkcs11:object=nobody", purposes }, author),
    /Cannot find a private key with object=nobody/,
  );
  assert.equal(registry.state.list("key").length, 1);
}

async function certificates(context: ScenarioContext): Promise<void> {
  const root = await Authority.createRoot("Root");
  const { registry, keys } = open(context, pemToDer(root.certificatePem));
  const key = await keys.generate({ name: "www", algorithm: "ecdsa-p384", purposes }, author);
  put(registry, { kind: "name", put: nameEntity("site", { serverNames }) });
  const request = new Pkcs10CertificateRequest(await keys.certificateRequest("www", serverNames));
  const certify = (authority: Authority) =>
    authority.certify(new Uint8Array(request.publicKey.rawData), {
      commonName: "www",
      dnsNames: serverNames,
      usages: ["serverAuth"],
    });
  const pem = await certify(root);
  assert.equal(keys.checkCertificate("site", pem).subjectKeyIdentifier, key.subjectKeyIdentifier);
  assert.equal(registry.state.list("certificate").length, 0, "a check changes nothing");
  const { id } = keys.installCertificate("site", pem, author);
  const [binding] = registry.state.get("name", "site")!.bindings;
  assert.deepEqual(binding, { key: "www", certificate: id, phase: "active" });
  keys.installCertificate("site", pem, author);
  const another = keys.installCertificate("site", await certify(root), author);
  assert.deepEqual(registry.state.get("name", "site")!.bindings.map(({ certificate }) => certificate), [
    another.id,
  ]);
  const stranger = await certify(await Authority.createRoot("Root"));
  assert.throws(() => keys.checkCertificate("site", stranger), refuses(/chain is not valid/));
  assert.throws(() => keys.checkCertificate("nowhere", pem), refuses(/no name nowhere/));
  assert.throws(() => keys.checkCertificate("site", "nothing"), refuses(/no certificate in PEM/));
  const foreign = await root.certify(new Uint8Array((await generate()).rawData), {
    commonName: "x",
    dnsNames: serverNames,
    usages: ["serverAuth"],
  });
  assert.throws(() => keys.checkCertificate("site", foreign), refuses(/a key that is not here/));
}

async function generate(): Promise<{ rawData: ArrayBuffer }> {
  const { publicKey } = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, [
    "sign",
  ]);
  return { rawData: await crypto.subtle.exportKey("spki", publicKey) };
}

async function authorities(context: ScenarioContext): Promise<void> {
  const { registry, keys } = open(context);
  const authority = await keys.createAuthority({ name: "edges", purpose: "edges" }, author);
  assert.deepEqual(registry.state.get("authority", "edges"), authority);
  await assert.rejects(
    keys.reference({ name: "stolen", uri: authority.keyUri, purposes }, author),
    refuses(/the key of the authority edges/),
  );
  const certificate = new X509Certificate(authority.chain[0]!);
  assert(await certificate.verify());
  assert.equal(certificate.notAfter.toISOString(), authority.notAfter);
  assert.equal(certificate.subject, "CN=Holdfast Edge CA edges");
  assert.equal(await inToken(context, "authority-edges"), 1);
  await assert.rejects(
    keys.createAuthority({ name: "edges", purpose: "edges" }, author),
    refuses(/there is one called edges/),
  );
}

await runScenario({ life, referenced, certificates, authorities });
