import assert from "node:assert/strict";
import { AuditStage, operation } from "../../audit/testing/audit_stage.ts";
import { TemporaryFolder } from "../../../test/harness/temporary_folder.ts";
import { startAdminApi } from "../admin_api.ts";
import { AdminSetup } from "../testing/admin_setup.ts";
import { runCli } from "../testing/cli.ts";

Deno.test("audit tail, export and verify show a log with what the CLI itself did; an altered byte fails verify", async () => {
  await using stage = await AuditStage.create();
  await using folder = await TemporaryFolder.create();
  const socket = folder.file("admin.sock");
  await using log = await stage.open();
  const trail = { folder: stage.path, head: () => log.head };
  const setup = await AdminSetup.create({ audit: log, auditTrail: trail });
  const config = { unix: { path: socket, mode: 0o600 }, tls: undefined, administrators: [] };
  await using _api = await startAdminApi(config, setup.services);
  const env = { HOLDFAST_ADMIN: socket };
  log.record(operation());
  log.record(operation({ result: "not-authorised" }));
  await runCli(["names", "create", "new.holdfast.test"], { env });

  const tail = await runCli(["audit", "tail", "--kind", "admin-call"], { env });
  assert.equal(tail.code, 0, tail.stderr);
  assert.match(tail.stdout, /admin-call .*author=uid:\d+ .*operation=createName .*new\.holdfast\.test/);
  const file = folder.file("all.ndjson");
  assert.equal((await runCli(["audit", "export", "--out", file], { env })).code, 0);
  const records = (await Deno.readTextFile(file)).trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.equal(records.filter(({ kind }) => kind === "key-operation").length, 2);
  assert(records.every(({ n }, index) => n === index + 1));

  await log.checkpoint();
  const verified = await runCli(["audit", "verify", "--json"], { env });
  assert.equal(verified.code, 0, verified.stderr);
  const { whole, head, checkpoints } = JSON.parse(verified.stdout);
  assert.equal(whole, true);
  assert(checkpoints >= 1);
  const remembered = `${head.n}:${head.hash}`;
  const offline = await runCli(["audit", "verify", "--folder", stage.path, "--head", remembered]);
  assert.equal(offline.code, 0, offline.stdout + offline.stderr);
  assert.match(offline.stdout, /as it was written/);

  const [{ name }] = (await Array.fromAsync(Deno.readDir(stage.path))).filter(({ name }) =>
    /^\D*\d+.*$/.test(name) && !name.includes("tally") && !name.includes("journal")
  ) as [Deno.DirEntry];
  const bytes = await Deno.readFile(`${stage.path}/${name}`);
  bytes[bytes.indexOf(0x0a) + 40]! ^= 1;
  await Deno.writeFile(`${stage.path}/${name}`, bytes);
  for (const args of [["audit", "verify"], ["audit", "verify", "--folder", stage.path]]) {
    const { code, stdout } = await runCli(args, { env });
    assert.equal(code, 1);
    assert.match(stdout, /not as it was written: .*, line 2 \(byte \d+\)/);
  }
});

Deno.test("while the audit log cannot be kept, administrators read and change nothing", async () => {
  const audit = { record: () => {}, flush: () => {}, failure: "the disk is full" };
  const setup = await AdminSetup.create({ audit });
  const refused = await setup.call("admin", "POST", "/v1/names", { name: "new.holdfast.test" });
  assert.equal(refused.status, 503);
  assert.equal(refused.body.code, "not-available");
  const { body } = await setup.call("admin", "GET", "/v1/status");
  assert.equal(body.healthy, false);
  assert(body.problems.includes("the audit log cannot be kept: the disk is full"));
});

Deno.test("without an [audit] of its own, audit commands say so", async () => {
  const setup = await AdminSetup.create({ auditTrail: undefined });
  const { status, body } = await setup.call("admin", "GET", "/v1/audit/records");
  assert.equal(status, 503);
  assert.match(body.detail, /\[audit\]/);
});
