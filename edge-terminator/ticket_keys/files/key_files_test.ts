import assert from "node:assert/strict";
import fc from "fast-check";
import { hkdfSync } from "node:crypto";
import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import { TicketKeyFileError } from "../errors.ts";
import { fresh, haproxyLines, writeAnew } from "../testing/staged_providers.ts";
import { Base64Line } from "./base64_line.ts";
import { FileTicketKeys } from "./file_ticket_keys.ts";
import { type KeyFileFormat, loadKeyFiles } from "./load_key_files.ts";

/** A folder for files, and a pool that must be empty in the end. */
class World implements Disposable {
  readonly pool = LockedPool.open({ totalBytes: 64 * 16 });
  readonly folder = Deno.makeTempDirSync();

  file(name: string, content: Uint8Array | string): string {
    const path = `${this.folder}/${name}`;
    writeAnew(path, content);
    return path;
  }

  load(format: KeyFileFormat, ...paths: string[]) {
    return loadKeyFiles(this.pool, { format, paths });
  }

  refuses(reason: RegExp, format: KeyFileFormat, ...paths: string[]): void {
    assert.throws(
      () => this.load(format, ...paths),
      (error) => error instanceof TicketKeyFileError && reason.test(error.message),
      String(reason),
    );
    assert.equal(this.pool.blocksInUse, 0);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
    assert.equal(this.pool.blocksInUse, 0);
    this.pool[Symbol.dispose]();
  }
}

function named(lines: string): Uint8Array[] {
  return lines.trim().split("\n").map((line) => Uint8Array.fromBase64(line).subarray(0, 16));
}

Deno.test("nginx: the first file's key seals, the others open", () => {
  using world = new World();
  const contents = [fresh(80), fresh(48), fresh(80)];
  using loaded = world.load("nginx", ...contents.map((content, index) => world.file(`${index}`, content)));
  assert.deepEqual(loaded.sealing.name, contents[0]!.subarray(0, 16));
  assert.deepEqual(loaded.keys.map(({ name }) => name), contents.map((content) => content.subarray(0, 16)));
});

Deno.test("HAProxy: the last three keys open, the one before the last seals", () => {
  using world = new World();
  const lines = haproxyLines(100);
  using loaded = world.load("haproxy", world.file("keys", lines));
  const names = named(lines);
  assert.deepEqual(loaded.keys.map(({ name }) => name), names.slice(-3));
  assert.deepEqual(loaded.sealing.name, names[98]);
});

Deno.test("HAProxy: blank lines, CRLF and a missing last line feed do not matter", () => {
  using world = new World();
  const lines = haproxyLines(3, 48);
  using loaded = world.load(
    "haproxy",
    world.file("keys", `\r\n${lines.trim().replaceAll("\n", "\r\n\r\n")}`),
  );
  assert.deepEqual(loaded.keys.map(({ name }) => name), named(lines));
});

Deno.test("the key is HKDF-SHA256 of all the file's key material, with the name as salt; both formats agree", () => {
  using world = new World();
  for (const length of [48, 80]) {
    const content = fresh(length);
    const [name, material] = [content.subarray(0, 16), content.subarray(16)];
    const expected = new Uint8Array(
      hkdfSync("sha256", material, name, "holdfast ticket key from a file 1", 32),
    );
    using fromNginx = world.load("nginx", world.file("key", content));
    assert.deepEqual(fromNginx.sealing.secret.bytes, expected);
    const lines = haproxyLines(1, length) + `${content.toBase64()}\n` + haproxyLines(1, length);
    using fromHaproxy = world.load("haproxy", world.file("keys", lines));
    assert.deepEqual(fromHaproxy.sealing.secret.bytes, expected);
  }
});

Deno.test("S2: a file that is short, long, empty or text where bytes belong is refused, saying what was expected", () => {
  using world = new World();
  for (const length of [0, 1, 16, 47, 49, 79, 81, 96, 4096]) {
    world.refuses(
      new RegExp(`it has ${length} bytes; expected 48 or 80`),
      "nginx",
      world.file("key", fresh(length)),
    );
  }
  world.refuses(/it has 109 bytes; expected 48 or 80/, "nginx", world.file("key", haproxyLines(1)));
  world.refuses(/it has 65537 bytes/, "nginx", world.file("key", new Uint8Array(65537)));
});

Deno.test("S2: a line that is short, long, no base64 or of another length than the first is refused by its number", () => {
  using world = new World();
  const refuses = (reason: RegExp, text: string) =>
    world.refuses(reason, "haproxy", world.file("keys", text));
  for (const length of [1, 16, 17, 47, 49, 79, 81, 200]) {
    refuses(
      new RegExp(`line 3: it is of ${length} bytes; expected 48 or 80`),
      haproxyLines(2) + haproxyLines(1, length),
    );
  }
  refuses(/line 2: it is of 48 bytes, the first of 80/, haproxyLines(1) + haproxyLines(2, 48));
  refuses(/line 1: it is not base64/, `${"!".repeat(108)}\n${haproxyLines(2)}`);
  refuses(/line 1: it is not base64/, haproxyLines(3).replace("=", ""));
  refuses(/line 4: it is not base64/, `${haproxyLines(3)}${haproxyLines(1).slice(0, 50)}`);
  refuses(/line 1: it is not base64/, `ticket_key=${haproxyLines(3)}`);
  refuses(/it has 2 keys; expected 3 or more/, haproxyLines(2));
  refuses(/it has 0 keys/, "");
  refuses(/line 301: it is of 47 bytes/, haproxyLines(300) + haproxyLines(1, 47));
});

Deno.test("CVE-2020-13777's class: key material of zeros or of a pattern is refused", () => {
  using world = new World();
  for (const length of [48, 80]) {
    const weak = fresh(length).fill(0, 16);
    world.refuses(/its key is all zeros/, "nginx", world.file("key", weak));
    world.refuses(
      /its key is all zeros/,
      "haproxy",
      world.file("keys", haproxyLines(2, length) + weak.toBase64()),
    );
    world.refuses(/pattern, not random/, "nginx", world.file("key", weak.fill(0x41, 16)));
    for (let index = 16; index < length; index++) weak[index] = index % 8;
    world.refuses(/pattern, not random/, "nginx", world.file("key", weak));
  }
});

Deno.test("two keys of one name are refused, in one file or in two", () => {
  using world = new World();
  const key = fresh(80);
  world.refuses(/name of an earlier one/, "nginx", world.file("one", key), world.file("two", key));
  const line = haproxyLines(1);
  world.refuses(/name of an earlier one/, "haproxy", world.file("keys", line + haproxyLines(1) + line));
});

Deno.test("a file that every user may read, a folder, and a file that is not there are refused", () => {
  using world = new World();
  const path = world.file("key", fresh(80));
  for (const mode of [0o604, 0o644, 0o602, 0o666]) {
    Deno.chmodSync(path, mode);
    world.refuses(/open to every user; make it 0600/, "nginx", path);
  }
  Deno.chmodSync(path, 0o640);
  world.load("nginx", path)[Symbol.dispose]();
  world.refuses(/not a file|cannot be read/, "nginx", world.folder);
  world.refuses(/no such file/, "nginx", `${world.folder}/absent`);
});

Deno.test("a bad second file leaves nothing of the first behind", () => {
  using world = new World();
  world.refuses(/expected 48 or 80/, "nginx", world.file("one", fresh(80)), world.file("two", fresh(3)));
});

Deno.test("errors say nothing of what is in the file", () => {
  using world = new World();
  const line = haproxyLines(1).trim();
  for (const text of [`${line}x`, line.slice(0, 60), `${line}\n${line}\n${line}`]) {
    try {
      world.load("haproxy", world.file("keys", text));
      assert.fail("taken");
    } catch (error) {
      const words = String((error as Error).stack);
      for (let at = 0; at + 6 < line.length; at++) assert(!words.includes(line.slice(at, at + 6)));
    }
  }
});

Deno.test("changed files are taken up together; bad ones are refused once and the old keys stay", () => {
  using world = new World();
  const [first, second] = [world.file("first", fresh(80)), world.file("second", fresh(80))];
  const told: string[] = [];
  using keys = new FileTicketKeys({
    pool: world.pool,
    format: "nginx",
    paths: [first, second],
    onLoaded: () => told.push("loaded"),
    onRefused: ({ message }) => told.push(message),
  });
  const before = keys.sealingKey();
  keys.tick();
  assert.deepEqual(told, []);
  world.file("first", fresh(20));
  for (let tick = 0; tick < 3; tick++) keys.tick();
  assert.equal(told.length, 1);
  assert.match(told[0]!, /first: it has 20 bytes/);
  assert.equal(keys.sealingKey(), before);
  assert(!before.secret.returned);
  Deno.removeSync(first);
  keys.tick();
  assert.match(told[1]!, /no such file/);
  const content = fresh(80);
  world.file("first", content);
  keys.tick();
  assert.equal(told[2], "loaded");
  assert.deepEqual(keys.sealingKey().name, content.subarray(0, 16));
  assert(before.secret.returned);
  assert.equal(world.pool.blocksInUse, 2);
});

Deno.test("a symbolic link's new target is noticed", () => {
  using world = new World();
  const [one, two] = [world.file("one", fresh(48)), world.file("two", fresh(48))];
  const link = `${world.folder}/link`;
  Deno.symlinkSync(one, link);
  using keys = new FileTicketKeys({ pool: world.pool, format: "nginx", paths: [link] });
  const { name } = keys.sealingKey();
  Deno.removeSync(link);
  Deno.symlinkSync(two, link);
  keys.tick();
  assert.notDeepEqual(keys.sealingKey().name, name);
});

Deno.test("files that change while the pool is full are taken up once it is not", () => {
  using world = new World();
  const path = world.file("key", fresh(80));
  using keys = new FileTicketKeys({ pool: world.pool, format: "nginx", paths: [path] });
  const before = keys.sealingKey();
  const free = world.pool.blockCount - world.pool.blocksInUse;
  const rented = Array.from({ length: free }, () => world.pool.rent(1));
  world.file("key", fresh(80));
  keys.tick();
  assert.equal(keys.sealingKey(), before);
  for (const secret of rented) secret[Symbol.dispose]();
  keys.tick();
  assert.notEqual(keys.sealingKey(), before);
});

Deno.test("the line decoder agrees with the platform's base64, and refuses what is not whole", () => {
  const decode = (text: string): Uint8Array | undefined => {
    const bytes: number[] = [];
    const line = new Base64Line((index, byte) => bytes[index] = byte);
    for (const character of text) line.push(character.charCodeAt(0));
    return line.finish() ? Uint8Array.from(bytes) : undefined;
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
    assert.deepEqual(decode(bytes.toBase64()), bytes);
  }));
  const platform = (text: string) => {
    try {
      return Uint8Array.fromBase64(text, { lastChunkHandling: "strict" });
    } catch {
      return undefined;
    }
  };
  const almost = fc.string({ unit: fc.constantFrom(..."ABCDwxyz0189+/=-_."), maxLength: 12 });
  fc.assert(fc.property(almost, (text) => assert.deepEqual(decode(text), platform(text))), { numRuns: 5000 });
});
