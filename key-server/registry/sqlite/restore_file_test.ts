import assert from "node:assert/strict";
import { TemporaryFolder } from "../../../test/harness/temporary_folder.ts";
import { edgeEntity, openRegistry, pop1, put } from "../testing/entities.ts";
import { restoreFile } from "./restore_file.ts";

/** A registry at version 2, and a backup of it from version 1. */
async function withBackup(
  run: (path: string, backup: string, folder: string) => Promise<void>,
): Promise<void> {
  await using folder = await TemporaryFolder.create();
  const [path, backup] = [folder.file("registry.sqlite"), folder.file("backup.sqlite")];
  {
    using registry = openRegistry(path);
    put(registry, { kind: "edge", put: edgeEntity(pop1) });
    await registry.backup(backup);
    put(registry, { kind: "edge", put: edgeEntity(pop1, { groups: ["later"] }) });
  }
  await run(path, backup, folder.path);
}

Deno.test("a restored backup is the registry, of a lineage that begins now; what was there is kept", async () => {
  await withBackup(async (path, backup) => {
    const lineage = openLineage(path);
    const { version, former } = await restoreFile(backup, path);
    assert.equal(version, 1);
    assert.ok(openLineage(path) > lineage);
    using registry = openRegistry(path);
    assert.deepEqual(registry.state.get("edge", pop1)?.groups, []);
    assert.equal(put(registry, { kind: "edge", put: edgeEntity("x:y") }), 2, "its history goes on");
    using before = openRegistry(former!);
    assert.equal(before.state.version, 2);
  });
});

function openLineage(path: string): string {
  using registry = openRegistry(path);
  return registry.lineage;
}

Deno.test("a registry in use is not replaced, nor any by a backup that is damaged", async () => {
  await withBackup(async (path, backup, folder) => {
    {
      using registry = openRegistry(path);
      await assert.rejects(restoreFile(backup, path), /another process uses it/);
      assert.equal(registry.state.version, 2);
    }
    const bytes = Deno.readFileSync(backup);
    const at = bytes.indexOf("admitted".charCodeAt(0), bytes.length >> 1);
    bytes[at]! ^= 1;
    Deno.writeFileSync(`${folder}/damaged`, bytes);
    await assert.rejects(restoreFile(`${folder}/damaged`, path), { code: "registry-file" });
    await assert.rejects(restoreFile(`${folder}/absent`, path), { code: "registry-file" });
    using registry = openRegistry(path);
    assert.equal(registry.state.version, 2);
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
    assert.deepEqual(names.filter((name) => /restoring|before/.test(name)), []);
  });
});

Deno.test("a damaged registry is replaced, and so is none", async () => {
  await withBackup(async (path, backup) => {
    Deno.writeTextFileSync(path, "no database any more");
    assert.ok((await restoreFile(backup, path)).former);
    Deno.removeSync(path);
    assert.equal((await restoreFile(backup, path)).former, undefined);
    using registry = openRegistry(path);
    assert.equal(registry.state.version, 1);
  });
});
