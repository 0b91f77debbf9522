import assert from "node:assert/strict";
import fc from "fast-check";
import { type Site, type SiteEntry, SiteTable } from "./site_table.ts";

function entry(names: string[], isDefault = false): SiteEntry {
  const site: Site = {
    name: names[0]!,
    tls: { certificates: [], alpnProtocols: [] },
    backend: { host: "127.0.0.1", port: 80 },
    proxyProtocol: false,
  };
  return { names, site, isDefault };
}

const find = (table: SiteTable, name?: string) => table.find(name)?.name;

Deno.test("an exact name wins over a wildcard, a wildcard over the default", () => {
  const table = new SiteTable([entry(["default.test"], true), entry(["*.a.test"]), entry(["www.a.test"])]);
  assert.equal(find(table, "www.a.test"), "www.a.test");
  assert.equal(find(table, "other.a.test"), "*.a.test");
  assert.equal(find(table, "else.test"), "default.test");
  assert.equal(find(table), "default.test");
});

Deno.test("without a default, unknown names and clients without a name find nothing", () => {
  const table = new SiteTable([entry(["a.test", "*.b.test"])]);
  for (const name of [undefined, "", "b.test", "c.test", "x.a.test", "a.test.", ".b.test", "x.y.b.test"]) {
    assert.equal(table.find(name), undefined, String(name));
  }
});

Deno.test("a client that asks for the wildcard itself is treated as asking for one label", () => {
  assert.equal(find(new SiteTable([entry(["*.a.test"])]), "*.a.test"), "*.a.test");
  assert.equal(find(new SiteTable([entry(["*.a.test"])]), "*.x.a.test"), undefined);
});

// Few labels, so that names collide.
const label = fc.constantFrom("a", "b", "www", "x-1");
const hostName = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join("."));
const servedName = fc.tuple(fc.boolean(), hostName).map(([wildcard, name]) => wildcard ? `*.${name}` : name);
const entries = fc.uniqueArray(servedName, { minLength: 1, maxLength: 12 }).chain((names) =>
  fc.option(fc.nat(names.length - 1)).map((chosen) =>
    names.map((name, index) => entry([name], index === chosen))
  )
);

/** What the table must find, by looking at every name. */
function findByScan(all: readonly SiteEntry[], wanted: string | undefined): string | undefined {
  const name = wanted?.toLowerCase();
  const exact = all.find(({ names }) => names.includes(name ?? ""));
  const wildcard = all.find(({ names }) =>
    names.some((pattern) => {
      const [first, ...rest] = (name ?? "").split(".");
      return pattern.startsWith("*.") && first !== "" && rest.length > 0 && pattern === `*.${rest.join(".")}`;
    })
  );
  return (exact ?? wildcard ?? all.find(({ isDefault }) => isDefault))?.site.name;
}

Deno.test("the table finds what a scan of all names finds", () => {
  fc.assert(fc.property(entries, fc.option(hostName, { nil: undefined }), (all, wanted) => {
    assert.equal(find(new SiteTable(all), wanted), findByScan(all, wanted));
  }));
});

Deno.test("the case of a name, configured or asked for, changes nothing", () => {
  const randomCase = (name: string) =>
    fc.array(fc.boolean(), { minLength: name.length, maxLength: name.length }).map((upper) =>
      [...name].map((character, index) => upper[index] ? character.toUpperCase() : character).join("")
    );
  const spelled = fc.tuple(entries, hostName).chain(([all, wanted]) =>
    fc.tuple(fc.constant(all), fc.constant(wanted), randomCase(wanted))
  );
  fc.assert(fc.property(spelled, ([all, wanted, shouted]) => {
    const upper = all.map((one) => ({ ...one, names: one.names.map((name) => name.toUpperCase()) }));
    assert.equal(find(new SiteTable(all), shouted), find(new SiteTable(all), wanted));
    assert.equal(find(new SiteTable(upper), shouted), find(new SiteTable(all), wanted));
  }));
});

Deno.test("no name that a client can send makes the table throw", () => {
  fc.assert(fc.property(entries, fc.string({ unit: "binary" }), (all, name) => {
    new SiteTable(all).find(name);
  }));
});
