import assert from "node:assert/strict";
import { join } from "node:path";
import { AuditDamageError } from "./errors.ts";
import { listLogFiles } from "./log_files.ts";
import { AuditStage, operation, softwareSigner } from "./testing/audit_stage.ts";
import { verifyLog } from "./verify_log.ts";

/** Three files with every kind of record, and a checkpoint at the end. */
async function writtenLog(stage: AuditStage): Promise<void> {
  await using audit = await stage.open({ fileBytes: 6000 });
  for (let i = 0; i < 40; i++) {
    audit.record(operation({ serverName: `host${i}.holdfast.test` }));
    if (i % 10 === 0) await audit.checkpoint();
  }
  audit.record({ kind: "connection-refused", peer: "192.0.2.1", why: "handshake", reason: "no certificate" });
  audit.flush();
}

Deno.test("a log of several files verifies, and says how far it is signed", async () => {
  await using stage = await AuditStage.create();
  await writtenLog(stage);
  const verified = await verifyLog(stage.path, { publicKey: stage.signer.publicKey });
  assert.equal(verified.first, 1);
  assert(verified.files >= 3);
  assert(verified.checkpoints >= 5);
  assert.equal(verified.signedUntil, verified.head.n - 1);
  assert.equal(verified.publicKey, stage.signer.publicKey.toBase64());
});

Deno.test("every one of 1,000 random one-byte edits is found, with its line", async () => {
  await using stage = await AuditStage.create();
  await writtenLog(stage);
  const files = await listLogFiles(stage.path);
  for (let i = 0; i < 1000; i++) {
    const { path } = files[Math.floor(Math.random() * files.length)]!;
    const bytes = await Deno.readFile(path);
    const at = Math.floor(Math.random() * bytes.length);
    const change = 1 + Math.floor(Math.random() * 255);
    await Deno.writeFile(path, bytes.with(at, bytes[at]! ^ change));
    const error = await verifyLog(stage.path).then(() => undefined, (reason: unknown) => reason);
    assert(error instanceof AuditDamageError, `byte ${at} of ${path} changed by ${change}: ${error}`);
    assert.equal(error.place.file, path);
    const line = bytes.subarray(0, at).filter((byte) => byte === 0x0a).length + 1;
    assert.equal(error.place.line, line, error.message);
    await Deno.writeFile(path, bytes);
  }
  await verifyLog(stage.path);
});

Deno.test("a missing byte, a missing line, two lines changed over and a missing file are found where they are", async () => {
  await using stage = await AuditStage.create();
  await writtenLog(stage);
  const [first, second] = await listLogFiles(stage.path);
  const bytes = await Deno.readFile(first!.path);
  const lines = new TextDecoder().decode(bytes).split("\n");
  const damaged = async (text: string | Uint8Array, line: number) => {
    await Deno.writeFile(first!.path, typeof text === "string" ? new TextEncoder().encode(text) : text);
    await assert.rejects(
      verifyLog(stage.path),
      (error) => error instanceof AuditDamageError && error.place.line === line,
    );
    await Deno.writeFile(first!.path, bytes);
  };
  await damaged(Uint8Array.from([...bytes.subarray(0, 700), ...bytes.subarray(701)]), lineOf(bytes, 700));
  await damaged([...lines.slice(0, 4), ...lines.slice(5)].join("\n"), 5);
  await damaged([...lines.slice(0, 4), lines[5], lines[4], ...lines.slice(6)].join("\n"), 5);
  await damaged([...lines.slice(0, 4), lines[3], ...lines.slice(4)].join("\n"), 5);
  await damaged(bytes.subarray(0, -1), lines.length - 1);
  await Deno.remove(second!.path);
  const [, third] = await listLogFiles(stage.path);
  await assert.rejects(
    verifyLog(stage.path),
    (error) => error instanceof AuditDamageError && error.place.file === third!.path,
  );
});

function lineOf(bytes: Uint8Array, at: number): number {
  return bytes.subarray(0, at).filter((byte) => byte === 0x0a).length + 1;
}

Deno.test("a log without its oldest files verifies from the file that is left", async () => {
  await using stage = await AuditStage.create();
  await writtenLog(stage);
  const [first, second] = await listLogFiles(stage.path);
  await Deno.remove(first!.path);
  assert.equal((await verifyLog(stage.path)).first, second!.firstRecord);
});

Deno.test("a checkpoint whose signature came when its record's file had ended is good, also without that file", async () => {
  await using stage = await AuditStage.create();
  const asked = Promise.withResolvers<void>();
  const slow = {
    ...stage.signer,
    sign: (content: Uint8Array) => asked.promise.then(() => stage.signer.sign(content)),
  };
  {
    await using audit = await stage.open({ fileBytes: 2000, signer: slow });
    audit.record(operation());
    const checkpoint = audit.checkpoint();
    for (let i = 0; i < 30; i++) audit.record(operation({ serverName: `host${i}.holdfast.test` }));
    audit.flush();
    asked.resolve();
    await checkpoint;
  }
  // A start reads the newest files alone.
  await (await stage.open({ fileBytes: 2000 }))[Symbol.asyncDispose]();
  const files = await listLogFiles(stage.path);
  assert(files.length >= 4);
  for (const { path } of files.slice(0, -2)) await Deno.remove(path);
  const { checkpoints } = await verifyLog(stage.path);
  assert(checkpoints >= 1);
  const left = await Promise.all(files.slice(-2).map(({ path }) => Deno.readTextFile(path)));
  assert.match(left.join(""), /"over":\{"n":[1-5],/, "of a record long before");
});

Deno.test("lines cut off at the end are found by whoever remembers the head", async () => {
  await using stage = await AuditStage.create();
  await writtenLog(stage);
  const { head } = await verifyLog(stage.path);
  const last = (await listLogFiles(stage.path)).at(-1)!;
  const lines = (await Deno.readTextFile(last.path)).split("\n");
  await Deno.writeTextFile(last.path, lines.slice(0, -3).join("\n") + "\n");
  assert.equal((await verifyLog(stage.path)).head.n, head.n - 2);
  await assert.rejects(verifyLog(stage.path, { head }), AuditDamageError);
});

Deno.test("a log written anew with another key does not pass for the one that was signed", async () => {
  await using stage = await AuditStage.create();
  {
    await using audit = await stage.open({ signer: softwareSigner() });
    audit.record(operation());
  }
  await verifyLog(stage.path);
  await assert.rejects(
    verifyLog(stage.path, { publicKey: stage.signer.publicKey }),
    /checkpoint signed with another key/,
  );
});

Deno.test("a folder without a log is an empty log, and a file of something else is damage", async () => {
  await using stage = await AuditStage.create();
  assert.deepEqual((await verifyLog(stage.path)).first, undefined);
  await Deno.mkdir(stage.path);
  for (const text of ["", "nothing\n", "{}\t" + "0".repeat(64) + "\n", "x".repeat(3 << 20)]) {
    await Deno.writeTextFile(join(stage.path, "audit-000000000001.jsonl"), text);
    await assert.rejects(verifyLog(stage.path), AuditDamageError);
  }
});
