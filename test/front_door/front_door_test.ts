import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { adminProgram } from "../../key-server/admin/cli/program.ts";
import { type CommandResult, runCommand } from "../harness/command.ts";
import { TemporaryFolder } from "../harness/temporary_folder.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What the script itself calls, and what every Debian has. */
const essentials = ["sh", "uname", "dirname", "ls", "cat", "cksum", "sed", "id", "mkdir", "date", "apt-get"];

/** Runs the front door of a fresh checkout, with nothing installed, as a user who is not root. */
async function runBare(place: TemporaryFolder, ...args: string[]): Promise<CommandResult> {
  const [checkout, bin] = [place.file("checkout"), place.file("bin")];
  await Deno.mkdir(checkout, { recursive: true });
  await Deno.mkdir(bin, { recursive: true });
  for (const file of ["holdfast", "deno.json", "deno.lock"]) {
    await Deno.copyFile(root + file, `${checkout}/${file}`);
  }
  for (const name of essentials) {
    await Deno.writeTextFile(`${bin}/${name}`, `#!/bin/sh\nPATH=/usr/bin:/bin exec ${name} "$@"\n`, {
      mode: 0o755,
    });
  }
  await Deno.writeTextFile(`${bin}/id`, "#!/bin/sh\necho 1000\n", { mode: 0o755 });
  return await runCommand("/bin/sh", [`${checkout}/holdfast`, ...args], { env: { PATH: bin } });
}

Deno.test("without root, one answer names every Debian package that a command will need, each once", async () => {
  const cases: [string[], string[]][] = [
    [["edge", "--config", "x"], ["curl", "unzip"]],
    [["status"], ["curl", "unzip"]],
    [["keys", "list"], ["curl", "unzip"]],
    [["key-server", "--config", "x"], ["curl", "unzip", "g++"]],
    [["doctor"], ["curl", "unzip"]],
    [["doctor", "--config", "x"], ["curl", "unzip", "g++"]],
    [["demo"], ["curl", "openssl", "procps", "unzip", "g++"]],
    [["test"], [
      "g++",
      "openssl",
      "curl",
      "opensc",
      "gnutls-bin",
      "libnss3-tools",
      "chromium",
      "procps",
      "git",
      "unzip",
    ]],
  ];
  for (const [args, packages] of cases) {
    await using place = await TemporaryFolder.create();
    const { code, stderr } = await runBare(place, ...args);
    assert.equal(code, 1, stderr);
    const [, named = ""] = /not root\. Run: sudo apt-get install (.*)$/m.exec(stderr) ?? [];
    const names = named.split(" ");
    for (const name of packages) assert(names.includes(name), `${args[0]}: ${name} is not in: ${stderr}`);
    assert.equal(new Set(names).size, names.length, stderr);
  }
});

Deno.test("a command that there is not, and none at all, end with 2 and the usage", async () => {
  await using place = await TemporaryFolder.create();
  for (const args of [[], ["frobnicate"]]) {
    const { code, stderr } = await runBare(place, ...args);
    assert.equal(code, 2);
    assert.match(stderr, /Usage: holdfast COMMAND/);
  }
});

Deno.test("every admin command that the usage names is one of the admin CLI, and the other way round", async () => {
  const { stdout: usage } = await runCommand(`${root}holdfast`, ["--help"]);
  const named = /and --help for each:\n\s*([a-z, \n]+?)\n {2}\S/.exec(usage)?.[1]?.match(/[a-z]+/g) ?? [];
  const { stdout: help } = await runCommand(`${root}holdfast`, ["status", "--help"]);
  assert.match(help, /Usage: holdfast status/);
  const commands = adminProgram().commands.map((command) => command.name()).filter((name) =>
    name !== "__complete"
  );
  assert.deepEqual(["status", ...named].toSorted(), commands.toSorted());
  for (const command of commands) {
    const { code, stdout, stderr } = await runCommand(`${root}holdfast`, [command, "--help"]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, new RegExp(`Usage: holdfast ${command}`));
  }
});
