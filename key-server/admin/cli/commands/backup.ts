import type { Command } from "commander";
import type { Restored } from "../../schemas/registry.ts";
import { snapshotContentType } from "../../snapshot_content_type.ts";
import { apiCommand, type CommonOptions, openClient } from "../command.ts";
import { confirm } from "../confirm.ts";
import { readBytes, writeNewFile } from "../files.ts";
import { print, printJson } from "../terminal.ts";

interface RestoreOptions extends CommonOptions {
  readonly yes?: boolean;
  readonly offline?: string;
}

export function addBackupCommands(program: Command): void {
  apiCommand(program, {
    usage: "backup <file>",
    summary:
      "Write a whole copy of the registry to a new file, while the key server goes on. No key is in it.",
    example: "holdfast backup registry-2026-11-21.sqlite",
    completes: ["file"],
  }).action(async (file: string, options: CommonOptions) => {
    const client = await openClient(options);
    const { body } = await client.send("GET", "/v1/backup");
    await writeNewFile(file, body);
    if (options.json) printJson({ file, bytes: body.length });
    else print(`${file}: ${body.length} bytes; as a registry's file it starts another key server, too`);
  });
  apiCommand(program, {
    usage: "restore <file>",
    summary:
      "Bring a running key server's registry back to a backup. What ended since then stays ended: destroyed keys, revoked edges.",
    example: "holdfast restore registry-2026-11-21.sqlite",
    completes: ["file"],
  })
    .option("--yes", "do not ask")
    .option("--offline <registry>", "replace this file of a key server that does not run, whole")
    .action(async (file: string, options: RestoreOptions) => {
      if (options.offline !== undefined) return await restoreOffline(file, options.offline, options);
      const content = await readBytes(file);
      await confirm(`Bring names, keys, edges and permissions back to what ${file} says?`, options.yes);
      const client = await openClient(options);
      const { body } = await client.send("POST", "/v1/restore", {
        body: { type: snapshotContentType, content },
      });
      const restored: Restored = JSON.parse(new TextDecoder().decode(body));
      if (options.json) return printJson(restored);
      const { changes, version, backupVersion } = restored;
      print(`${changes} changes: version ${version} is what version ${backupVersion} of the backup was`);
    });
}

/** Everything is as it was then, revocations too; edges are told anew when the key server starts. */
async function restoreOffline(file: string, registry: string, options: RestoreOptions): Promise<void> {
  await confirm(
    `Put ${file} in the place of ${registry}? What was revoked or destroyed since comes back.`,
    options.yes,
  );
  const { restoreFile } = await import("../../../registry/sqlite/restore_file.ts");
  const restored = await restoreFile(file, registry);
  if (options.json) return printJson(restored);
  print(`${registry} is at version ${restored.version} of ${file}`);
  if (restored.former !== undefined) print(`what was there is ${restored.former}`);
}
