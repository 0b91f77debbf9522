import { randomInt } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { verifyAuditLog } from "../../key-server/admin/actions/verify_audit_log.ts";
import { listLogFiles } from "../../key-server/audit/log_files.ts";
import { concatenate } from "../../shared/codec/concatenate.ts";
import { runCommand } from "../harness/command.ts";
import { TemporaryFolder } from "../harness/temporary_folder.ts";
import { type Claim, claim, type Say } from "./claims.ts";

const frontDoor = fileURLToPath(new URL("../../holdfast", import.meta.url));

const edits = ["change", "remove", "insert"] as const;

/** Verifies the log as the CLI does, and copies of it with one byte that is not as it was written. */
export async function editAuditLog(folder: string, times: number, say: Say): Promise<Claim[]> {
  const { code, stdout, stderr } = await runCommand(frontDoor, ["audit", "verify", "--folder", folder]);
  const whole = await verifyAuditLog(folder, {});
  const records = whole.head?.n ?? 0;
  const found = code === 0
    ? `${records} records in ${whole.files} files, ${whole.checkpoints} checkpoints`
    : stdout + stderr;
  await using copy = await TemporaryFolder.create();
  const files = await listLogFiles(folder);
  for (const { path, name } of files) await Deno.copyFile(path, copy.file(name));
  let unseen = 0;
  for (let time = 0; time < times; time++) {
    const { name } = files[randomInt(files.length)]!;
    const original = await Deno.readFile(join(folder, name));
    const offset = randomInt(original.length);
    const edit = edits[time % edits.length]!;
    await Deno.writeFile(copy.file(name), edited(original, offset, edit));
    const { whole, damage } = await verifyAuditLog(copy.path, {});
    if (whole || damage === null) {
      unseen++;
      say(`  UNSEEN: ${edit} at byte ${offset} of ${name}`);
    }
    await Deno.writeFile(copy.file(name), original);
  }
  return [
    claim("audit verify passes on the log of all of this", code === 0 && whole.whole && records > 0, found),
    claim(
      `audit verify fails on each of ${times} random edits of one byte`,
      unseen === 0,
      `${times - unseen} found`,
    ),
  ];
}

function edited(original: Uint8Array, offset: number, edit: (typeof edits)[number]): Uint8Array {
  const byte = new Uint8Array([
    edit === "insert" ? randomInt(256) : original[offset]! ^ (1 + randomInt(255)),
  ]);
  const after = original.subarray(edit === "insert" ? offset : offset + 1);
  const kept = edit === "remove" ? new Uint8Array() : byte;
  return concatenate([original.subarray(0, offset), kept, after]);
}
