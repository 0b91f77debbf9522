import assert from "node:assert/strict";
import { DevelopmentPki } from "../../certs/dev_pki.ts";
import { ServedNames } from "./served_names.ts";
import { lineage, pushedCertificate, pushedName, update } from "./testing/pushed_names.ts";

const pki = await DevelopmentPki.create();
const site = "www.holdfast.test";
const active = await pushedCertificate(pki, [site]);
const next = await pushedCertificate(pki, [site], { type: "rsa", phase: "staged" });

Deno.test("active certificates are shown, staged ones are at hand; a switch decodes nothing anew", async () => {
  const names = new ServedNames();
  await names.take(update(1, { from: 0, put: [pushedName("www", [active, next])] }));
  const [before] = names.names;
  assert.deepEqual(before!.active.map(({ keyType }) => keyType), ["ecdsa-p256"]);
  assert.deepEqual(before!.staged.map(({ keyType }) => keyType), ["rsa"]);
  await names.take(update(2, { put: [pushedName("www", [{ ...next, phase: "active" }])] }));
  const [after] = names.names;
  assert.equal(after!.active[0], before!.staged[0]);
  assert.deepEqual([after!.active.length, after!.staged.length], [1, 0]);
});

const unusable: Record<string, () => Promise<typeof active>> = {
  "that is no DER": () => Promise.resolve({ ...active, chain: ["AAAA"] }),
  "whose chain is out of order": () => Promise.resolve({ ...active, chain: active.chain.toReversed() }),
  "whose key browsers do not take": () => pushedCertificate(pki, [site], { type: "rsa-1024" }),
};

for (const [what, make] of Object.entries(unusable)) {
  Deno.test(`a certificate ${what} is a problem of its name, which is served as before`, async () => {
    const names = new ServedNames();
    const bad = await make();
    await names.take(update(1, { from: 0, put: [pushedName("www", [active])] }));
    const shop = pushedName("shop", [await pushedCertificate(pki, ["shop.holdfast.test"])]);
    await names.take(update(2, { put: [pushedName("www", [{ ...bad, phase: "staged" }]), shop] }));
    assert.deepEqual(names.problems.map(({ name }) => name), ["www"]);
    assert.deepEqual(names.names.map(({ name, active }) => [name, active.length]), [["shop", 1], ["www", 1]]);
    assert.equal(names.version, 2);
    assert.equal(names.tags.length, 2, "it is not sent again as long as it is the same");
    await names.take(update(3, { put: [pushedName("www", [active, next])] }));
    assert.deepEqual(names.problems, []);
  });
}

Deno.test("a whole update drops what it does not name, and a name that comes again unusable stays", async () => {
  const names = new ServedNames();
  const both = [pushedName("www", [active]), pushedName("shop", [active])];
  await names.take(update(1, { from: 0, put: both }));
  await names.take(update(2, { from: 0, put: [pushedName("www", [{ ...active, chain: ["AAAA"] }])] }));
  assert.deepEqual(names.names.map(({ name }) => name), ["www"]);
  assert.deepEqual(names.problems.map(({ name }) => name), ["www"]);
  await names.take(update(3, { remove: ["www"] }));
  assert.deepEqual([names.names, names.problems, names.tags], [[], [], []]);
});

Deno.test("until an update is decoded whole, the one before it is what is held", async () => {
  const names = new ServedNames();
  const many = Array.from({ length: 30 }, (_, index) => pushedName(`n${index}`, [active]));
  const taking = names.take(update(1, { from: 0, put: many }));
  assert.deepEqual([names.version, names.names.length, names.tags.length], [0, 0, 0]);
  await taking;
  assert.deepEqual([names.lineage, names.version, names.names.length], [lineage, 1, 30]);
});

Deno.test("a name that is to be signed strictly has its transcripts sent, and no longer when that ends", async () => {
  const names = new ServedNames();
  await names.take(update(1, { from: 0, put: [pushedName("www", [active], { transcript: "strict" })] }));
  assert.equal(names.names[0]!.active[0]!.needsTranscript, true);
  await names.take(update(2, { put: [pushedName("www", [active])] }));
  assert.notEqual(names.names[0]!.active[0]!.needsTranscript, true);
});
