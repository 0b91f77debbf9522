import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { TemporaryFolder } from "../../test/harness/temporary_folder.ts";
import type { Change } from "./registry.ts";
import { applicationId, schemaVersion } from "./sqlite/schema.ts";
import {
  edgeEntity,
  keyEntity,
  nameEntity,
  openRegistry,
  permissionEntity,
  pop1,
  put,
} from "./testing/entities.ts";

const key: Change = { kind: "key", put: keyEntity("k1") };
const name: Change = { kind: "name", put: nameEntity("www", { bindings: [{ key: "k1", phase: "active" }] }) };
const permission: Change = { kind: "permission", put: permissionEntity("p1") };

const code = (expected: string) => (error: unknown) => {
  assert.equal((error as { code?: string }).code, expected, String(error));
  return true;
};

Deno.test("a transaction is there after a reopening, with its author, its reason and its versions", async () => {
  await using folder = await TemporaryFolder.create();
  const path = folder.file("registry.sqlite");
  {
    using registry = openRegistry(path);
    assert.equal(registry.commit([key, name], { author: "admin:anna", reason: "first" }), 1);
    assert.equal(
      registry.commit([permission], { author: "admin:bert", reason: "second", expectedVersion: 1 }),
      2,
    );
  }
  using registry = openRegistry(path);
  assert.equal(registry.state.version, 2);
  assert.deepEqual(registry.state.get("key", "k1"), key.put);
  assert.deepEqual(registry.state.versioned("name", "www"), { value: name.put, version: 1 });
  assert.deepEqual(registry.state.list("permission"), [permission.put]);
  const [first, second] = registry.history(0, 10);
  assert.deepEqual([first?.author, first?.reason, first?.changes], ["admin:anna", "first", [key, name]]);
  assert.deepEqual([second?.version, second?.author], [2, "admin:bert"]);
  assert.ok(second!.at.getTime() <= Date.now());
  assert.deepEqual(registry.history(1, 10).map(({ version }) => version), [2]);
  assert.deepEqual(registry.history(0, 1).map(({ version }) => version), [1]);
});

Deno.test("a state never changes, nor does what is in it: a commit makes a new one", () => {
  using registry = openRegistry();
  put(registry, key);
  const before = registry.state;
  put(registry, { kind: "key", put: keyEntity("k1", { state: "retired" }) });
  assert.equal(before.get("key", "k1")?.state, "active");
  assert.equal(registry.state.get("key", "k1")?.state, "retired");
  assert.throws(() => (registry.state.get("key", "k1")!.purposes as string[]).push("x"), TypeError);
});

Deno.test("of a transaction with one contradiction nothing happens", () => {
  using registry = openRegistry();
  const orphan: Change = { kind: "permission", put: permissionEntity("p2", { name: "absent" }) };
  assert.throws(() => put(registry, key, orphan), code("registry"));
  assert.equal(registry.state.version, 0);
  assert.deepEqual(registry.history(0, 10), []);
});

Deno.test("a transaction for a version that is not there any more is a conflict", () => {
  using registry = openRegistry();
  put(registry, key);
  const late = () => registry.commit([name], { author: "a", reason: "", expectedVersion: 0 });
  assert.throws(late, code("registry-conflict"));
  assert.equal(registry.state.version, 1);
});

Deno.test("what changes nothing makes no version; what is not there cannot be removed; nothing is changed twice at once", () => {
  using registry = openRegistry();
  put(registry, key);
  assert.equal(put(registry, key), 1);
  assert.throws(() => put(registry, { kind: "edge", remove: pop1 }), code("registry"));
  assert.throws(() => put(registry, name, { kind: "name", remove: "www" }), code("registry"));
  assert.throws(
    () => put(registry, { kind: "key", put: { ...keyEntity("k2"), more: 1 } as never }),
    code("registry"),
  );
  assert.throws(() => registry.commit([name], { author: "", reason: "" }), code("registry"));
  assert.equal(registry.state.version, 1);
});

Deno.test("watchers are told in the order of versions, even of what another one commits, and one that throws is alone", () => {
  using registry = openRegistry();
  const told: number[] = [];
  registry.watch(() => {
    throw new Error("broken");
  });
  registry.watch(({ version }) => void (version === 1 && put(registry, name)));
  const watching = registry.watch(({ version, changes }, state) => {
    assert.equal(state.version, version);
    assert.equal(changes.length, 1);
    told.push(version);
  });
  put(registry, key);
  assert.deepEqual(told, [1, 2]);
  watching[Symbol.dispose]();
  put(registry, permission);
  assert.deepEqual(told, [1, 2]);
});

Deno.test("a replica takes no change, and names the primary", () => {
  using registry = openRegistry(undefined, "ks1.test:9444");
  assert.equal(registry.writable, false);
  assert.throws(() => put(registry, key), code("registry-read-only"));
});

Deno.test("a backup made while changes go on is a registry at one version, of mode 0600, and replaces nothing", async () => {
  await using folder = await TemporaryFolder.create();
  using registry = openRegistry(folder.file("registry.sqlite"));
  put(registry, key, name);
  const backup = folder.file("backup.sqlite");
  const writing = registry.backup(backup);
  put(registry, permission);
  await writing;
  assert.equal(Deno.statSync(backup).mode! & 0o777, 0o600);
  await assert.rejects(registry.backup(backup), code("registry-file"));
  using copy = openRegistry(backup);
  assert.equal(copy.state.version, 1);
  assert.deepEqual(copy.state.get("name", "www"), name.put);
  assert.deepEqual([...Deno.readDirSync(folder.path)].filter(({ name }) => name.endsWith(".new")), []);
});

Deno.test("the file has mode 0600, its WAL too, and belongs to one process", async () => {
  await using folder = await TemporaryFolder.create();
  const path = folder.file("registry.sqlite");
  {
    using registry = openRegistry(path);
    put(registry, key);
    for (const file of [path, `${path}-wal`]) assert.equal(Deno.statSync(file).mode! & 0o777, 0o600, file);
    const { stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "eval",
        `new (await import("node:sqlite")).DatabaseSync("${path}").exec("SELECT * FROM history")`,
      ],
    }).output();
    assert.match(new TextDecoder().decode(stderr), /locked/);
    assert.throws(() => openRegistry(path), /another process uses it/);
  }
  openRegistry(path)[Symbol.dispose]();
  Deno.chmodSync(path, 0o640);
  assert.throws(() => openRegistry(path), /its mode is 0640/);
});

/** A registry's file with something in it, changed by hand. */
async function refusal(change: (database: DatabaseSync, path: string) => void): Promise<string> {
  await using folder = await TemporaryFolder.create();
  const path = folder.file("registry.sqlite");
  {
    using registry = openRegistry(path);
    put(registry, key, name);
    put(registry, permission, { kind: "edge", put: edgeEntity(pop1) });
  }
  const database = new DatabaseSync(path);
  change(database, path);
  if (database.isOpen) database.close();
  const before = Deno.readFileSync(path);
  try {
    openRegistry(path)[Symbol.dispose]();
  } catch (error) {
    assert.equal((error as { code?: string }).code, "registry-file", String(error));
    assert.deepEqual(Deno.readFileSync(path), before, "it is left as it was");
    return (error as Error).message;
  }
  return "";
}

Deno.test("a file that nobody has changed is taken", async () => {
  assert.equal(await refusal(() => {}), "");
});

const refusals: [string, RegExp, (database: DatabaseSync, path: string) => void][] = [
  ["of a newer schema", /a newer Holdfast/, (db) => db.exec(`PRAGMA user_version = ${schemaVersion + 1}`)],
  ["of another program", /something else/, (db) => db.exec(`PRAGMA application_id = ${applicationId + 1}`)],
  [
    "that is no database",
    /not a database/,
    (db, path) => (db.close(), Deno.writeTextFileSync(path, "hello ".repeat(2000))),
  ],
  ["cut short", /damaged|malformed/, (db, path) => (db.close(), Deno.truncateSync(path, 8192))],
  [
    "with an entity changed",
    /the edge spiffe:.* is not what the history/,
    (db) => db.exec(`UPDATE entity SET body = replace(body, 'admitted', 'revoked') WHERE kind = 'edge'`),
  ],
  [
    "with an entity's version changed",
    /not what the history/,
    (db) => db.exec("UPDATE entity SET version = 2"),
  ],
  ["with an entity missing", /are missing/, (db) => db.exec("DELETE FROM entity WHERE kind = 'edge'")],
  [
    "with an entity too many",
    /edge x:y is not what/,
    (db) =>
      db.exec(
        `INSERT INTO entity SELECT kind, 'x:y', version, replace(body, '${pop1}', 'x:y') FROM entity WHERE kind = 'edge'`,
      ),
  ],
  [
    "with a trigger",
    /triggers or views/,
    (db) => db.exec("CREATE TRIGGER t AFTER INSERT ON entity BEGIN DELETE FROM entity; END"),
  ],
  [
    "with an author changed",
    /version 1 was altered/,
    (db) => db.exec("UPDATE history SET author = 'x' WHERE version = 1"),
  ],
  [
    "with a transaction missing",
    /version 1 is missing/,
    (db) => db.exec("DELETE FROM history WHERE version = 1"),
  ],
  ["with another beginning", /version 1 was altered/, (db) => db.exec("UPDATE lineage SET genesis = 'x'")],
  [
    "with an entity that no schema knows",
    /cannot be read/,
    (db) => db.exec(`UPDATE entity SET body = '{"x":1}' WHERE kind = 'edge'`),
  ],
];
for (const [what, words, change] of refusals) {
  Deno.test(`a file ${what} is refused, and left as it was`, async () => {
    assert.match(await refusal(change), words);
  });
}

Deno.test("a file in a folder that is not there is refused", () => {
  assert.throws(() => openRegistry("/nonexistent/registry.sqlite"), /its folder does not exist/);
});
