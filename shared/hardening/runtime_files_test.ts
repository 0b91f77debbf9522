import assert from "node:assert/strict";
import { join } from "node:path";
import { TemporaryFolder } from "../../test/harness/temporary_folder.ts";
import { replaceable } from "./runtime_files.ts";

Deno.test("a file may be replaced in its own folder, and where a symbolic link leads: both are read", async () => {
  await using folder = await TemporaryFolder.create();
  await Deno.mkdir(join(folder.path, "live"));
  await Deno.mkdir(join(folder.path, "archive"));
  await Deno.writeTextFile(join(folder.path, "archive/1.pem"), "");
  await Deno.symlink("../archive/1.pem", join(folder.path, "live/chain.pem"));
  const real = await Deno.realPath(folder.path);
  assert.deepEqual(replaceable(join(folder.path, "live/chain.pem")), [
    join(folder.path, "live"),
    join(real, "archive"),
  ]);
});

Deno.test("a folder of everybody's is not opened for the sake of one file in it", () => {
  for (
    const path of [
      ...["/edge.pem", "/etc/edge.pem", "/tmp/edge.pem", "/home/ann/edge.pem", "/var/lib/edge.pem"],
      ...["/etc/ssl/edge.pem", "/etc/ssl/private/edge.key", "/root/edge.pem", "/dev/shm/edge.pem"],
      `${Deno.env.get("HOME")}/edge.pem`,
    ]
  ) assert.deepEqual(replaceable(path), [path, path]);
  for (const path of ["/etc/holdfast/edge.pem", "/home/ann/tls/edge.pem", "/var/lib/edge/edge.pem"]) {
    assert.deepEqual(replaceable(path), [path.replace(/\/edge.pem$/, ""), path.replace(/\/edge.pem$/, "")]);
  }
});
