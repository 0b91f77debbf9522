import assert from "node:assert/strict";
import { Authority } from "../../../certs/authority.ts";
import type { Entities } from "../entities.ts";
import type { Change } from "../registry.ts";
import {
  certifiedKey,
  edgeEntity,
  instant,
  keyEntity,
  nameEntity,
  openRegistry,
  permissionEntity,
  pop1,
  put,
} from "../testing/entities.ts";

const authority = await Authority.createRoot("Test CA");
const { key, certificate } = await certifiedKey(authority, "k1", ["www.test", "*.www.test"]);
const other = await certifiedKey(authority, "k2", ["www.test"]);
const binding = { key: "k1", certificate: certificate.id, phase: "active" } as const;
const name = nameEntity("www", { serverNames: ["www.test", "*.www.test"], bindings: [binding] });
const whole: Change[] = [
  { kind: "key", put: key },
  { kind: "certificate", put: certificate },
  { kind: "name", put: name },
  { kind: "permission", put: permissionEntity("p1") },
  { kind: "ticket-domain", put: { name: "d2", epoch: 4 } },
  { kind: "edge", put: edgeEntity(pop1, { state: "revoked" }) },
];

const rotation: Entities["rotation"] = {
  id: "0123456789abcdef",
  name: "www",
  algorithm: "rsa-2048",
  issuer: "development",
  step: "stage",
  ending: "done",
  replaces: [],
  drainTime: 0,
  destroys: "generated",
  startedAt: instant,
  startedBy: "test",
  stepSince: instant,
};
const keyPut = (changes: Partial<Entities["key"]>): Change => ({ kind: "key", put: { ...key, ...changes } });
const namePut = (changes: Partial<Entities["name"]>): Change => ({
  kind: "name",
  put: { ...name, ...changes },
});
const permissionPut = (changes: Partial<Entities["permission"]>): Change => ({
  kind: "permission",
  put: permissionEntity("p1", changes),
});
const rotationPut = (changes: Partial<Entities["rotation"]>): Change => ({
  kind: "rotation",
  put: { ...rotation, ...changes },
});

const refused: [string, RegExp, Change[]][] = [
  ["a key under two names", /same key as/, [keyPut({ name: "k9" })]],
  ["another key under a key's name", /another key already/, [
    keyPut({ subjectKeyIdentifier: "ab".repeat(20) }),
  ]],
  ["a key's URI without object or id", /neither object nor id/, [keyPut({ uri: "pkcs11:token=x" })]],
  ["a key's URI with a module", /are the configuration's/, [
    keyPut({ uri: "pkcs11:object=a?module-path=/x.so" }),
  ]],
  ["a key's URI that is none", /cannot be used/, [keyPut({ uri: "http://x" })]],
  ["a retired key that is served", /cannot be retired/, [keyPut({ state: "retired" })]],
  ["a bound key's removal", /k1, which is not there/, [{ kind: "key", remove: "k1" }]],
  ["a bound certificate's removal", /certificate .* not there/, [{
    kind: "certificate",
    remove: certificate.id,
  }]],
  ["a certificate that changes", /never changes/, [{
    kind: "certificate",
    put: { ...certificate, source: "acme" },
  }]],
  ["a certificate under another digest", /the id of/, [
    { kind: "certificate", put: { ...other.certificate, id: "0".repeat(64) } },
  ]],
  ["a certificate with names that it does not have", /the serverNames of/, [
    { kind: "certificate", put: { ...other.certificate, serverNames: ["other.test"] } },
  ]],
  ["a certificate that is none", /its leaf is malformed/, [
    { kind: "certificate", put: { ...other.certificate, chain: ["AAAA"] } },
  ]],
  ["a chain with something else in it", /number 1 above its leaf is malformed/, [
    { kind: "certificate", put: { ...other.certificate, chain: [...other.certificate.chain, "AAAA"] } },
  ]],
  ["a certificate of another key", /not for the key k1/, [
    { kind: "certificate", put: other.certificate },
    namePut({ bindings: [{ ...binding, certificate: other.certificate.id }] }),
  ]],
  ["a certificate with more names than its name", /www\.test, which is not among/, [
    namePut({ serverNames: ["www.test"] }),
  ]],
  ["a key bound to two names", /bound twice/, [{
    kind: "name",
    put: nameEntity("api", { bindings: [binding] }),
  }]],
  ["a ticket domain that is not there", /ticket domain d1/, [namePut({ ticketDomain: "d1" })]],
  ["an epoch that falls", /never falls/, [{ kind: "ticket-domain", put: { name: "d2", epoch: 3 } }]],
  ["a permission without its name", /not there/, [permissionPut({ name: "absent" })]],
  ["the removal of a permitted name", /p1 is for the name www/, [{ kind: "name", remove: "www" }]],
  ["a permission for all names", /needs a name/, [permissionPut({ name: undefined } as never)]],
  ["a strict permission for TLS 1.2", /no strict form/, [
    permissionPut({ transcript: "strict", operations: ["sign-tls12"] }),
  ]],
  ["a hash permission for fewer names", /leaves out \*\.www\.test/, [
    permissionPut({ serverNames: ["www.test"] }),
  ]],
  ["a denial with a rate", /has no rate/, [
    permissionPut({ effect: "deny", rate: { perSecond: 1, burst: 1 } }),
  ]],
  ["a revoked edge's removal", /admitted again/, [{ kind: "edge", remove: pop1 }]],
  ["a challenge for a key that is not there", /challenge for www.test/, [{
    kind: "challenge",
    put: { serverName: "www.test", key: "k9", certificate: certificate.chain[0]!, expiresAt: instant },
  }]],
  ["a rotation of a name that is not there", /not there/, [rotationPut({ name: "absent" })]],
  ["two rotations of a name", /rotation under way/, [
    rotationPut({}),
    rotationPut({ id: "fedcba9876543210" }),
  ]],
];
for (const [what, words, changes] of refused) {
  Deno.test(`the registry refuses ${what}`, () => {
    using registry = openRegistry();
    put(registry, ...whole);
    assert.throws(() => put(registry, ...changes), { code: "registry", message: words });
    assert.equal(registry.state.version, 1);
  });
}

Deno.test("the registry takes a narrower strict permission, a denial of all names, and rotations one after another", () => {
  using registry = openRegistry();
  put(registry, ...whole);
  put(registry, permissionPut({ serverNames: ["www.test"], transcript: "strict" }));
  put(registry, {
    kind: "permission",
    put: { ...permissionEntity("p2", { effect: "deny" }), name: undefined } as never,
  });
  put(registry, rotationPut({ step: "done" }), rotationPut({ id: "fedcba9876543210" }));
  assert.equal(registry.state.version, 4);
});

Deno.test("a key is retired once it drains, destroyed once it is bound no more, and then never comes back", () => {
  using registry = openRegistry();
  put(registry, ...whole);
  put(registry, namePut({ bindings: [{ ...binding, phase: "draining" }] }), keyPut({ state: "retired" }));
  assert.throws(() => put(registry, keyPut({ state: "destroyed" })), /cannot be destroyed/);
  put(registry, namePut({ bindings: [] }), keyPut({ state: "destroyed" }));
  assert.throws(() => put(registry, keyPut({})), /was destroyed/);
  assert.throws(() => put(registry, { kind: "key", remove: "k1" }), /stays/);
  put(registry, { kind: "key", put: keyEntity("k3", { subjectKeyIdentifier: key.subjectKeyIdentifier }) });
});
