import assert from "node:assert/strict";
import { DevelopmentPki } from "../../certs/dev_pki.ts";
import type { TaggedName } from "../../shared/control_protocol/served_name.ts";
import type { Site, SiteEntry } from "../certificates/site_table.ts";
import type { ServedSite } from "../connection/application.ts";
import { ServedNames } from "./served_names.ts";
import { SiteDirectory } from "./site_directory.ts";
import { pushedCertificate, pushedName, update } from "./testing/pushed_names.ts";

const pki = await DevelopmentPki.create();

function entry(name: string, names: readonly string[], changes: Partial<SiteEntry> = {}): SiteEntry {
  const tls = { certificates: [], alpnProtocols: ["http/1.1"], resumptionEpoch: 3 };
  const site: Site = { name, tls, backend: { path: "/nowhere" }, proxyProtocol: false };
  return { names, site, isDefault: false, ...changes };
}

const served = (site: Site): ServedSite => ({
  name: site.name,
  tls: site.tls,
  open: () => assert.fail("opened"),
});

async function directoryWith(
  entries: readonly SiteEntry[],
  names: readonly TaggedName[],
): Promise<SiteDirectory> {
  const directory = new SiteDirectory(entries, served);
  const held = new ServedNames();
  await held.take(update(1, { from: 0, put: [...names] }));
  assert.deepEqual(held.problems, []);
  directory.replace(held.names);
  return directory;
}

/** Which site answers for a name, and the names in the certificates that it shows. */
function answer(directory: SiteDirectory, serverName?: string): string {
  const site = directory.find(serverName, ["http/1.1"]);
  if (site === undefined) return "refused";
  const names = site.tls.certificates.map((certificate) => (certificate as { dnsNames?: string[] }).dnsNames);
  return `${site.name} ${names.join(" ")}`;
}

const www = pushedName("www", [await pushedCertificate(pki, ["www.a.test"])]);
const wildcard = pushedName("any", [await pushedCertificate(pki, ["*.a.test"])]);

Deno.test("a site shows the certificates that cover the name asked for: its own before a wildcard's", async () => {
  const directory = await directoryWith([entry("s", ["www.a.test", "api.a.test"])], [wildcard, www]);
  assert.equal(answer(directory, "WWW.a.test"), "s www.a.test *.a.test");
  assert.equal(answer(directory, "api.a.test"), "s *.a.test");
  assert.equal(answer(directory, "other.a.test"), "refused");
  assert.deepEqual(directory.pushed.withoutCertificate, []);
});

Deno.test("a site's tickets are of the domain that its name was pushed with, unless it has one of its own", async () => {
  const shop = pushedName("shop", [await pushedCertificate(pki, ["shop.a.test"])], { ticketDomain: "shops" });
  const own = entry("own", ["shop.a.test"]);
  const domains = (directory: SiteDirectory, ...names: string[]) =>
    names.map((name) => directory.find(name, ["http/1.1"])!.tls.ticketDomain);
  const pushed = await directoryWith([entry("s", ["www.a.test", "shop.a.test"])], [www, shop]);
  assert.deepEqual(domains(pushed, "www.a.test", "shop.a.test"), [undefined, "shops"]);
  assert.deepEqual(pushed.ticketDomains, ["default", "shops"]);
  const { site } = own;
  const configured = { ...own, site: { ...site, tls: { ...site.tls, ticketDomain: "mine" } } };
  const kept = await directoryWith([configured], [shop]);
  assert.deepEqual(domains(kept, "shop.a.test"), ["mine"]);
  assert.deepEqual(kept.ticketDomains, ["mine"]);
});

Deno.test("a name that no certificate has come for is refused and told; its site's others are served", async () => {
  const directory = await directoryWith([entry("s", ["www.a.test", "www.b.test"])], [www]);
  assert.equal(answer(directory, "www.a.test"), "s www.a.test");
  assert.equal(answer(directory, "www.b.test"), "refused");
  assert.deepEqual(directory.pushed.withoutCertificate, ["www.b.test"]);
  assert.equal(directory.pushed.anyServed, true);
  assert.equal(answer(new SiteDirectory([entry("s", ["www.a.test"])], served), "www.a.test"), "refused");
});

Deno.test("a wildcard site shows each name below it that name's own certificate, unless another site has the name", async () => {
  const sites = [entry("any", ["*.a.test"]), entry("own", ["own.a.test"])];
  const own = pushedName("own", [await pushedCertificate(pki, ["own.a.test"])]);
  const directory = await directoryWith(sites, [www, own]);
  assert.equal(answer(directory, "www.a.test"), "any www.a.test");
  assert.equal(answer(directory, "own.a.test"), "own own.a.test");
  assert.equal(answer(directory, "else.a.test"), "refused");
  const covered = await directoryWith(sites, [www, own, wildcard]);
  assert.equal(answer(covered, "else.a.test"), "any *.a.test");
  assert.equal(answer(covered, "www.a.test"), "any www.a.test *.a.test");
});

Deno.test("a certificate is shown for no name that is not its name entity's", async () => {
  const certificate = await pushedCertificate(pki, ["www.a.test", "api.a.test"]);
  const narrow = pushedName("narrow", [certificate], { serverNames: ["www.a.test"] });
  const directory = await directoryWith([entry("s", ["www.a.test", "api.a.test"])], [narrow]);
  assert.equal(answer(directory, "api.a.test"), "refused");
  assert.equal(answer(directory, "www.a.test"), "s www.a.test,api.a.test");
});

Deno.test("staged certificates are shown to nobody", async () => {
  const staged = await pushedCertificate(pki, ["www.a.test"], { phase: "staged" });
  const directory = await directoryWith([entry("s", ["www.a.test"])], [pushedName("www", [staged])]);
  assert.equal(answer(directory, "www.a.test"), "refused");
});

Deno.test("the default site answers unknown names with what its first name has", async () => {
  const sites = [entry("s", ["www.a.test", "www.b.test"], { isDefault: true })];
  const other = pushedName("b", [await pushedCertificate(pki, ["www.b.test"])]);
  const directory = await directoryWith(sites, [other, www]);
  assert.equal(answer(directory), "s www.a.test");
  assert.equal(answer(directory, "unknown.test"), "s www.a.test");
});

Deno.test("sites keep all else that the configuration says, and those with files keep their certificates", async () => {
  const [file] =
    (await directoryWith([entry("x", ["www.a.test"])], [www])).find("www.a.test", [])!.tls.certificates;
  const site = { ...entry("f", []).site, tls: { certificates: [file!], alpnProtocols: [] } };
  const sites = [entry("s", ["www.a.test"]), entry("f", ["f.a.test"], { site })];
  const directory = await directoryWith(sites, [www, wildcard]);
  const { tls } = directory.find("www.a.test", [])!;
  assert.deepEqual([tls.alpnProtocols, tls.resumptionEpoch], [["http/1.1"], 3]);
  assert.equal(directory.find("f.a.test", [])!.tls, site.tls);
  assert.equal(directory.pushed.sites, 1);
});

Deno.test("a challenge's certificate is for clients that offer acme-tls/1 and nothing else", async () => {
  const challenge = await pushedCertificate(pki, ["www.a.test"], { type: "rsa" });
  const content = { challenges: [{ serverName: "www.a.test", certificate: challenge.chain[0]! }] };
  const name = pushedName("www", www.content.certificates, content);
  const directory = await directoryWith([entry("s", ["www.a.test"])], [name]);
  const keyType = (alpn: readonly string[], serverName = "www.a.test") =>
    directory.find(serverName, alpn)?.tls.certificates[0]?.keyType;
  assert.equal(keyType(["acme-tls/1"]), "rsa");
  assert.equal(keyType(["acme-tls/1"], "WWW.A.test"), "rsa");
  assert.equal(keyType(["acme-tls/1", "http/1.1"]), "ecdsa-p256");
  assert.equal(keyType([]), "ecdsa-p256");
  assert.equal(keyType(["acme-tls/1"], "www.b.test"), undefined);
});

Deno.test("ten thousand sites with a certificate each are a matter of one table", async () => {
  const certificate = await pushedCertificate(pki, ["*.big.test"]);
  const names = Array.from({ length: 10_000 }, (_, index) => `n${index}.big.test`);
  const directory = await directoryWith(names.map((name) => entry(name, [name])), [
    pushedName("big", [certificate]),
  ]);
  assert.equal(answer(directory, "n9999.big.test"), "n9999.big.test *.big.test");
  assert.deepEqual(directory.pushed.withoutCertificate, []);
});
