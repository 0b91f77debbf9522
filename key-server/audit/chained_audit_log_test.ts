import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { mustRun } from "../../test/harness/command.ts";
import { AuditError } from "./errors.ts";
import { listLogFiles } from "./log_files.ts";
import { AuditStage, operation } from "./testing/audit_stage.ts";

const kinds = (records: readonly { kind: string }[]) => records.map(({ kind }) => kind);

Deno.test("each operation is a record where that is wanted, with what was asked and how it was answered", async () => {
  await using stage = await AuditStage.create();
  {
    await using audit = await stage.open();
    audit.record(operation());
    audit.record(operation({ result: "not-authorised", key: undefined }));
  }
  const records = await stage.records();
  assert.deepEqual(kinds(records), [
    "file",
    "start",
    "key-operation",
    "key-operation",
    "stop",
    "checkpoint",
  ]);
  assert.equal(records[2]!.serverName, "www.holdfast.test");
  assert.equal(records[3]!.result, "not-authorised");
});

Deno.test("a minute's operations are one record for each edge, key, operation and result, with their count", async () => {
  await using stage = await AuditStage.create();
  {
    await using audit = await stage.open({ keyOperations: "by-minute" });
    for (let i = 0; i < 5; i++) audit.record(operation({ serverName: `host${i}.test` }));
    audit.record(operation({ edge: "spiffe://holdfast.test/edge/pop2" }));
    audit.record(operation({ result: "not-authorised" }));
    stage.now = new Date("2026-11-21T12:01:00.000Z");
    audit.record(operation());
  }
  const counted = (await stage.records()).filter(({ kind }) => kind === "key-operation");
  assert.deepEqual(
    counted.map(({ minute, edge, result, count }) => [minute, String(edge).at(-1), result, count]),
    [
      ["2026-11-21T12:00:00.000Z", "1", "ok", 5],
      ["2026-11-21T12:00:00.000Z", "2", "ok", 1],
      ["2026-11-21T12:00:00.000Z", "1", "not-authorised", 1],
      ["2026-11-21T12:01:00.000Z", "1", "ok", 1],
    ],
  );
});

Deno.test("refused connections are counted by their reason: strangers cannot fill the disk", async () => {
  await using stage = await AuditStage.create();
  {
    await using audit = await stage.open();
    for (let i = 0; i < 1000; i++) {
      audit.record({ kind: "connection-refused", peer: `192.0.2.${i}`, why: "handshake", reason: `no ${i}` });
    }
  }
  const refused = (await stage.records()).filter(({ kind }) => kind === "connection-refused");
  assert.deepEqual(refused.map(({ why, count }) => [why, count]), [["handshake", 1000]]);
});

Deno.test("a second writer is refused while the first one is there", async () => {
  await using stage = await AuditStage.create();
  {
    await using _audit = await stage.open();
    await assert.rejects(stage.open(), AuditError);
  }
  await using _next = await stage.open();
});

Deno.test("a torn last line is cut off, told, and the chain goes on", async () => {
  await using stage = await AuditStage.create();
  {
    await using audit = await stage.open();
    audit.record(operation());
  }
  const [file] = await listLogFiles(stage.path);
  const bytes = await Deno.readFile(file!.path);
  await Deno.writeFile(file!.path, bytes.subarray(0, -20));
  {
    await using _audit = await stage.open();
  }
  const records = await stage.records();
  assert.deepEqual(kinds(records).slice(4), ["torn-line", "start", "stop", "checkpoint"]);
});

Deno.test("a changed newest file is refused at the start", async () => {
  await using stage = await AuditStage.create();
  {
    await using audit = await stage.open();
    audit.record(operation());
  }
  const [file] = await listLogFiles(stage.path);
  const text = await Deno.readTextFile(file!.path);
  await Deno.writeTextFile(file!.path, text.replace("www-ecdsa", "www-ecdsb"));
  await assert.rejects(stage.open(), /hash does not follow/);
});

Deno.test("a token that does not sign leaves the log unsigned and going", async () => {
  await using stage = await AuditStage.create();
  const sign = () => Promise.reject(new Error("the token is away"));
  {
    await using audit = await stage.open({ signer: { ...stage.signer, sign } });
    audit.record(operation());
    await audit.checkpoint();
  }
  assert(!kinds(await stage.records()).includes("checkpoint"));
});

Deno.test("a record that is too long is told by its length", async () => {
  await using stage = await AuditStage.create();
  {
    await using audit = await stage.open();
    audit.record({
      kind: "admin-call",
      author: "uid:0",
      role: "admin",
      operation: "createName",
      path: "/v1/names",
      request: { names: "x".repeat(1 << 20) },
      status: 400,
      code: "bad-request",
    });
  }
  const [, , call] = await stage.records();
  assert.match(String(call!.request), /^\[\d+ characters\]$/);
});

for (
  const [keyOperations, minuteLength] of [["each", 60_000], ["by-minute", 60_000], ["by-minute", 20]] as const
) {
  const words = `${keyOperations}, ${minuteLength === 20 ? "many minutes" : "one minute"}`;
  Deno.test(`a process that is killed loses nothing that was answered, and counts nothing twice (${words})`, async () => {
    await using stage = await AuditStage.create();
    let answered = 0;
    for (let round = 0; round < 4; round++) {
      answered += await recordUntilKilled(stage.path, keyOperations, minuteLength);
      // What was recorded after the last word that we heard may be there or not.
      await using _audit = await stage.open({ keyOperations, now: () => new Date() });
    }
    const recorded = (await stage.records()).filter(({ kind }) => kind === "key-operation")
      .reduce((sum, { count }) => sum + Number(count ?? 1), 0);
    assert(recorded >= answered, `${recorded} recorded, ${answered} answered`);
    assert(recorded <= answered + 4 * 20, `${recorded} recorded, ${answered} answered`);
  });
}

/** Returns how many operations a process had answered when it was killed at a moment of chance. */
async function recordUntilKilled(
  folder: string,
  keyOperations: string,
  minuteLength: number,
): Promise<number> {
  const program = fileURLToPath(new URL("testing/recording_program.ts", import.meta.url));
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--cached-only", "-A", program, folder, keyOperations, String(minuteLength)],
    stdout: "piped",
  }).spawn();
  const lines = 50 + Math.random() * 200;
  let text = "";
  for await (const chunk of process.stdout.pipeThrough(new TextDecoderStream())) {
    const isFirst = text.split("\n").length <= lines;
    text += chunk;
    if (isFirst && text.split("\n").length > lines) process.kill("SIGKILL");
  }
  await process.status;
  return Number(text.trimEnd().split("\n").at(text.endsWith("\n") ? -1 : -2));
}

const canMount = Deno.uid() === 0;

Deno.test({
  name: "a full disk stops nothing: records wait, operations are counted, and all are there once it has room",
  ignore: !canMount,
  fn: async () => {
    await using stage = await AuditStage.create();
    await Deno.mkdir(stage.path);
    await mustRun("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", stage.path]);
    try {
      const filler = join(stage.path, "filler");
      {
        await using audit = await stage.open();
        await Deno.writeFile(filler, new Uint8Array(40 << 10));
        for (let i = 0; i < 200; i++) {
          audit.record(operation({ serverName: `host${i}.test` }));
          audit.flush();
        }
        assert(audit.failure !== undefined);
        await Deno.remove(filler);
        audit.record(operation());
        audit.flush();
        assert.equal(audit.failure, undefined);
      }
      const operations = (await stage.records()).filter(({ kind }) => kind === "key-operation");
      assert.equal(operations.reduce((sum, { count }) => sum + Number(count ?? 1), 0), 201);
      assert(operations.some(({ count }) => Number(count) > 1));
    } finally {
      await mustRun("umount", [stage.path]);
    }
  },
});
