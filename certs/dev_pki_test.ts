import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { DevelopmentPki } from "./dev_pki.ts";
import { generateKeyPair } from "./key_pair.ts";
import {
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  X509Certificate as Parsed,
} from "../shared/pki/x509.ts";

const pki = await DevelopmentPki.create();
const { publicKeyInfo } = await generateKeyPair();

function chainOf(pem: string): X509Certificate[] {
  return pem.split(/(?<=-----END CERTIFICATE-----\n)/).map((part) => new X509Certificate(part));
}

// node:crypto of Deno 2.9 answers keyUsage with the other extension.
function usagesOf(pem: string): unknown {
  return [...new Parsed(pem).getExtension(ExtendedKeyUsageExtension)?.usages ?? []];
}

Deno.test("a site chain is leaf and intermediate, each signed by the next, without the root", async () => {
  const chain = chainOf(
    await pki.siteCertificate(publicKeyInfo, ["www.holdfast.test", "*.pop.holdfast.test"]),
  );
  const root = new X509Certificate(pki.webRoot.certificatePem);
  const [leaf, intermediate] = chain;
  assert(leaf !== undefined && intermediate !== undefined && chain.length === 2);
  assert(leaf.verify(intermediate.publicKey) && leaf.checkIssued(intermediate));
  assert(
    intermediate.verify(root.publicKey) && intermediate.checkIssued(root) && intermediate.ca && !leaf.ca,
  );
  assert.equal(leaf.subjectAltName, "DNS:www.holdfast.test, DNS:*.pop.holdfast.test");
  assert.deepEqual(leaf.publicKey.export({ type: "spki", format: "der" }), Buffer.from(publicKeyInfo));
});

Deno.test("a key server's identity has a DNS name for servers, an edge's a URI for clients, with fitting keys", async () => {
  const keyServer = await pki.keyServerIdentity("key-server.holdfast.test");
  const edge = await pki.edgeIdentity("spiffe://holdfast.test/edge/pop1");
  const [server, client] = [keyServer, edge].map(({ certificatePem }) => new X509Certificate(certificatePem));
  assert.equal(server?.subjectAltName, "DNS:key-server.holdfast.test");
  assert.deepEqual(usagesOf(keyServer.certificatePem), [ExtendedKeyUsage.serverAuth]);
  assert.equal(client?.subjectAltName, "URI:spiffe://holdfast.test/edge/pop1");
  assert.deepEqual(usagesOf(edge.certificatePem), [ExtendedKeyUsage.clientAuth]);
  assert(server?.checkPrivateKey(createPrivateKey(keyServer.privateKeyPem)));
  assert(client?.checkPrivateKey(createPrivateKey(edge.privateKeyPem)));
});

Deno.test("the authorities of key servers, edges and sites do not certify for each other", async () => {
  const edge = new X509Certificate((await pki.edgeIdentity("spiffe://x/y")).certificatePem);
  assert(edge.verify(new X509Certificate(pki.edges.certificatePem).publicKey));
  for (const other of [pki.keyServers, pki.webRoot, pki.web]) {
    assert.equal(edge.verify(new X509Certificate(other.certificatePem).publicKey), false);
  }
});

Deno.test("certificates last a week at most unless told, and can be made expired, nameless or foreign", async () => {
  const [leaf] = chainOf(await pki.siteCertificate(publicKeyInfo, ["a.test"]));
  const left = Date.parse(leaf?.validTo ?? "") - Date.now();
  assert(left > 6.9 * 86_400_000 && left <= 7 * 86_400_000);
  const notBefore = new Date("2020-01-01T00:00:00Z");
  const notAfter = new Date("2020-01-02T00:00:00Z");
  const [expired] = chainOf(await pki.siteCertificate(publicKeyInfo, ["a.test"], { notBefore, notAfter }));
  assert.equal(Date.parse(expired?.validTo ?? ""), notAfter.getTime());
  const nameless = await pki.edgeIdentity("spiffe://x/y", { uris: [] });
  assert.equal(new X509Certificate(nameless.certificatePem).subjectAltName, undefined);
  const foreign = await pki.edgeIdentity("spiffe://x/y", { authority: pki.keyServers });
  assert(
    new X509Certificate(foreign.certificatePem).verify(
      new X509Certificate(pki.keyServers.certificatePem).publicKey,
    ),
  );
});

Deno.test("serial numbers are positive, 16 bytes and never repeat", async () => {
  const serials = await Promise.all(Array.from({ length: 20 }, async () => {
    return new Parsed(
      (await pki.siteCertificate(publicKeyInfo, ["a.test"])).split(/(?<=END CERTIFICATE-----\n)/)[0] ?? "",
    ).serialNumber;
  }));
  assert.equal(new Set(serials).size, 20);
  for (const serial of serials) assert.match(serial, /^[4-7][0-9a-f]{31}$/);
});
