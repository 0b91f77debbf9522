import assert from "node:assert/strict";
import type { AuditRecord } from "./chained_line.ts";
import { readLog, tailLog } from "./read_log.ts";
import { AuditStage, operation } from "./testing/audit_stage.ts";

Deno.test("the newest records come from as many files as it takes, oldest first, and only those wanted", async () => {
  await using stage = await AuditStage.create();
  {
    await using audit = await stage.open({ fileBytes: 4096 });
    for (let i = 0; i < 60; i++) {
      stage.now = new Date(Date.UTC(2026, 10, 21, 12, i));
      audit.record(operation({ key: `key${i % 3}`, serverName: `host${i}.test` }));
    }
  }
  const names = (records: readonly AuditRecord[]) => records.map(({ serverName }) => serverName);
  assert.deepEqual(names(await tailLog(stage.path, 3, { kind: "key-operation" })), [
    "host57.test",
    "host58.test",
    "host59.test",
  ]);
  assert.equal((await tailLog(stage.path, 40, { key: "key1" })).length, 20);
  const hour = {
    since: new Date("2026-11-21T12:10:00.000Z"),
    until: new Date("2026-11-21T12:20:00.000Z"),
    key: "key0",
  };
  assert.deepEqual(names(await Array.fromAsync(readLog(stage.path, hour))), [
    "host12.test",
    "host15.test",
    "host18.test",
  ]);
});
