import assert from "node:assert/strict";
import { TemporaryFolder } from "../../test/harness/temporary_folder.ts";
import { type ControlDocument, emptyDocument } from "./document.ts";
import { ControlStateError, readDocument, writeDocument } from "./document_file.ts";
import { documentFile, StateFolder } from "./state_folder.ts";
import { lineage, pushedName } from "./testing/pushed_names.ts";

function documentOf(...names: readonly string[]): ControlDocument {
  const certificate = { id: "ab".repeat(32), chain: ["AAAA", "BBBB"], phase: "active" } as const;
  return {
    lineage,
    version: 7,
    names: new Map(
      names.map((name) => [name, pushedName(name, [{ ...certificate, chain: [...certificate.chain] }])]),
    ),
  };
}

Deno.test("a document is read as it was written; where there is no file, nothing is held", async () => {
  await using folder = await TemporaryFolder.create();
  const file = folder.file("certificates.jsonl");
  assert.deepEqual(await readDocument(file), emptyDocument);
  for (const document of [documentOf(), documentOf("a"), documentOf("a", "b.holdfast.test")]) {
    await writeDocument(file, document);
    assert.deepEqual(await readDocument(file), document);
  }
  assert.equal((await Deno.stat(file)).mode! & 0o777, 0o600);
});

Deno.test("a file with any byte changed, or cut anywhere, is refused", async () => {
  await using folder = await TemporaryFolder.create();
  const file = folder.file("certificates.jsonl");
  await writeDocument(file, documentOf("a", "b"));
  const whole = await Deno.readFile(file);
  for (let at = 0; at < whole.length; at++) {
    const changed = whole.slice();
    changed[at]! ^= 1;
    await Deno.writeFile(file, changed);
    await assert.rejects(readDocument(file), ControlStateError, `byte ${at}`);
  }
  for (let length = 0; length < whole.length - 1; length++) {
    await Deno.writeFile(file, whole.subarray(0, length));
    await assert.rejects(readDocument(file), ControlStateError, `${length} bytes`);
  }
});

Deno.test("a write that fails leaves the former document", async () => {
  await using folder = await TemporaryFolder.create();
  const file = folder.file("certificates.jsonl");
  const document = documentOf("a");
  await writeDocument(file, document);
  await Deno.mkdir(`${file}.new`); // where the new one would be written
  await assert.rejects(writeDocument(file, documentOf("b")), ControlStateError);
  assert.deepEqual(await readDocument(file), document);
});

Deno.test("a state folder is one installation over restarts, and takes a damaged document for none, saying so", async () => {
  await using folder = await TemporaryFolder.create();
  const path = folder.file("state/of/the/edge");
  const first = await StateFolder.open(path);
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o700);
  await first.write(documentOf("a"));
  const again = await StateFolder.open(path);
  assert.equal(again.instance, first.instance);
  const told: string[] = [];
  const log = { error: (record: { event: string }) => void told.push(record.event) } as never;
  assert.equal((await again.read(log)).version, 7);
  await Deno.writeTextFile(documentFile(path), "half a docu");
  assert.deepEqual(await again.read(log), emptyDocument);
  assert.deepEqual(told, ["control-state-unusable"]);
});

Deno.test("two state folders are two installations, and one that cannot be made is told", async () => {
  await using folder = await TemporaryFolder.create();
  const [one, other] = [await StateFolder.open(folder.file("1")), await StateFolder.open(folder.file("2"))];
  assert.notEqual(one.instance, other.instance);
  await Deno.writeTextFile(folder.file("file"), "");
  await assert.rejects(StateFolder.open(folder.file("file/state")), ControlStateError);
});
