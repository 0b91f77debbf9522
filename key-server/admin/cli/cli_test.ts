import assert from "node:assert/strict";
import type { Command } from "commander";
import { pop1 } from "../../registry/testing/entities.ts";
import { fileURLToPath } from "node:url";
import { createEnrolmentTokenSchema } from "../schemas/edges.ts";
import { site } from "../testing/admin_setup.ts";
import { runCli, withCli } from "../testing/cli.ts";
import { adminProgram } from "./program.ts";

const frontDoor = fileURLToPath(new URL("../../../holdfast", import.meta.url));

function leaves(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
}

Deno.test("every command has a help text with an example that begins with its own words", () => {
  const commands = leaves(adminProgram()).filter((command) => command.name() !== "__complete");
  assert(commands.length > 30);
  for (const command of commands) {
    let help = "";
    command.configureOutput({ writeOut: (text) => help += text });
    command.outputHelp();
    const words = [command.name()];
    for (let parent = command.parent; parent !== null; parent = parent.parent) words.unshift(parent.name());
    const example = /\nExample:\n {2}(.*)\n/.exec(`${help}\n`)?.[1];
    assert(example?.includes(words.join(" ")), `${words.join(" ")}: ${example}`);
    assert.match(command.description(), /^[A-Z].*\.$/);
  }
});

Deno.test("tables are for people, --json for programs: the API's answer, whole", async () => {
  await withCli(async ({ holdfast, setup }) => {
    const table = await holdfast(["keys", "list"]);
    assert.equal(table.code, 0, table.stderr);
    assert.match(table.stdout, /^KEY {2,}ALGORITHM/);
    assert.match(table.stdout, /\nwww-ecdsa {2,}ecdsa-p256 {2,}active {2,}www\.holdfast\.test/);
    // deno-lint-ignore no-control-regex -- the escape character is what must not be there
    assert.doesNotMatch(table.stdout, /\x1b/, "no colours without a terminal");
    const json = await holdfast(["keys", "list", "--json"]);
    assert.deepEqual(JSON.parse(json.stdout), (await setup.call("admin", "GET", "/v1/keys")).body);
  });
});

Deno.test("every list and every show prints something for people, without undefined", async () => {
  await withCli(async ({ holdfast, setup }) => {
    await setup.call("admin", "POST", "/v1/authorities", { purpose: "edges" });
    await setup.call("admin", "POST", "/v1/rotations", { name: site });
    await setup.call(
      "admin",
      "POST",
      "/v1/enrolment-tokens",
      createEnrolmentTokenSchema.parse({ edge: pop1 }),
    );
    const [{ id }] = setup.registry.state.list("certificate") as unknown as [{ id: string }];
    const commands = [
      ["status"],
      ["names", "list"],
      ["names", "show", site],
      ["keys", "show", "www-ecdsa"],
      ["certs", "list"],
      ["certs", "show", id.slice(0, 8)],
      ["certs", "check", site],
      ["certs", "csr", "--for-key", "www-ecdsa"],
      ["rotation", "status"],
      ["rotation", "status", site],
      ["edges", "list"],
      ["edges", "show", pop1],
      ["edges", "tokens"],
      ["authority", "list"],
      ["authority", "show", "edges"],
      ["tickets", "status"],
      ["tickets", "domains", "list"],
      ["policy", "list"],
      ["policy", "explain", pop1, site],
    ];
    const results = await Promise.all(commands.map((command) => holdfast(command)));
    for (const [index, { code, stdout, stderr }] of results.entries()) {
      assert.equal(code, 0, `${commands[index]!.join(" ")}: ${stderr}`);
      assert(stdout.length > 20);
      assert.doesNotMatch(stdout, /undefined|NaN|\[object/);
    }
  });
});

Deno.test("exit codes are stable: 2 usage, 3 refused, 4 not found, 5 conflict, 6 unreachable, 7 not confirmed", async () => {
  await withCli(async ({ holdfast, folder, setup }) => {
    const withKey = folder.file("with-key.pem");
    await Deno.writeTextFile(withKey, "-----BEGIN RSA PRIVATE KEY-----\n");
    const { version } = setup.registry.state;
    const cases: [number, string[]][] = [
      [2, ["keys", "frobnicate"]],
      [2, ["keys", "generate", "x", "--type", "dsa"]],
      [2, ["rotate", site, "--acme", "--csr"]],
      [2, ["rotate", site, "--drain", "soon"]],
      [2, ["status", "--socket", "a", "--server", "b:1"]],
      [2, ["names", "create", "no good"]],
      [4, ["keys", "show", "none"]],
      [4, ["rotation", "status", "none.holdfast.test"]],
      [4, ["rotate", "none.holdfast.test"]],
      [2, ["certs", "check", site, withKey]],
      [5, ["names", "create", site]],
      [6, ["status", "--socket", folder.file("none.sock")]],
      [7, ["edges", "revoke", pop1]],
      [7, ["names", "delete", site]],
      [7, ["keys", "destroy", "www-ecdsa"]],
    ];
    for (const [expected, args] of cases) {
      const { code, stdout, stderr } = await holdfast(args);
      assert.equal(code, expected, `${args.join(" ")}: ${stdout}${stderr}`);
      assert.equal(stdout, "");
      assert.notEqual(stderr, "");
    }
    assert.equal(setup.registry.state.version, version, "nothing has changed");
  });
});

Deno.test("a viewer who changes something is refused with 3; --json tells the problem as JSON", async () => {
  await withCli(async ({ holdfast }) => {
    const { code, stdout, stderr } = await holdfast(["edges", "revoke", pop1, "--yes", "--json"]);
    assert.equal(code, 3);
    assert.equal(stdout, "");
    const problem = JSON.parse(stderr);
    assert.equal(problem.code, "not-authorised");
    assert.equal(problem.status, 403);
    assert.match(problem.detail, /needs the role admin, and uid:\d+ is viewer/);
  }, [{ uid: Deno.uid()!, role: "viewer" }]);
});

Deno.test("edges are revoked with a reason and readmitted; permissions are given, explained, taken", async () => {
  await withCli(async ({ holdfast, setup }) => {
    const edge = () => setup.registry.state.get("edge", pop1);
    assert.equal((await holdfast(["edges", "revoke", pop1, "--yes", "--reason", "stolen"])).code, 0);
    assert.equal(edge()?.state, "revoked");
    assert.equal(edge()?.reason, "stolen");
    assert.equal((await holdfast(["edges", "revoke", pop1, "--yes"])).code, 5);
    assert.equal((await holdfast(["edges", "readmit", pop1])).code, 0);
    assert.equal(edge()?.state, "admitted");
    assert.equal(edge()?.certificatesNotBefore, edge()?.stateSince);
    assert.equal((await holdfast(["edges", "groups", pop1, "europe", "canary"])).code, 0);
    assert.deepEqual(edge()?.groups, ["europe", "canary"]);
    const allowed = await holdfast(
      [
        "edges",
        "allow",
        "europe",
        site,
        "--group",
        "--operations",
        "sign-tls13,sign-tls12",
        "--rate",
        "10/20",
        "--json",
      ],
    );
    assert.equal(allowed.code, 0, allowed.stderr);
    const permission = JSON.parse(allowed.stdout);
    assert.deepEqual(permission.rate, { perSecond: 10, burst: 20 });
    assert.deepEqual(setup.registry.state.get("permission", permission.id), permission);
    assert.equal((await holdfast(["policy", "remove", permission.id, "--yes"])).code, 0);
    assert.equal(setup.registry.state.get("permission", permission.id), undefined);
  });
});

Deno.test("an enrolment token is shown once: on standard output alone, or in a new file of mode 0600", async () => {
  await withCli(async ({ holdfast, folder, setup }) => {
    const { code, stdout, stderr } = await holdfast(["edges", "token", pop1, "--lifetime", "30m"]);
    assert.equal(code, 0, stderr);
    const secret = stdout.trim().split(".")[2]!;
    assert.match(secret, /^[0-9a-f]{64}$/);
    assert(!stderr.includes(secret));
    const file = folder.file("pop1.token");
    const written = await holdfast(["edges", "token", pop1, "--out", file]);
    assert(!written.stdout.includes("hfe1"));
    assert.equal((await Deno.stat(file)).mode! & 0o777, 0o600);
    assert.equal(
      (await holdfast(["edges", "token", pop1, "--out", file])).code,
      1,
      "a file is never replaced",
    );
    const { stdout: listed } = await holdfast(["edges", "tokens", "--json"]);
    assert.equal(JSON.parse(listed).tokens.length, 2, "one that was written nowhere is taken back");
    for (
      const text of [listed, JSON.stringify(setup.events), JSON.stringify(setup.registry.history(0, 100))]
    ) {
      assert(!text.includes(secret));
    }
  });
});

Deno.test("a backup is a new file of mode 0600, and restoring it undoes what was done since, but no end", async () => {
  await withCli(async ({ holdfast, folder, setup }) => {
    const file = folder.file("backup.sqlite");
    assert.equal((await holdfast(["backup", file])).code, 0);
    assert.equal((await Deno.stat(file)).mode! & 0o777, 0o600);
    assert.equal((await holdfast(["backup", file])).code, 1, "a file is never replaced");
    await holdfast(["names", "create", "new.holdfast.test"]);
    await holdfast(["names", "delete", site, "--yes"]);
    await holdfast(["edges", "revoke", pop1, "--yes"]);
    const { version } = setup.registry.state;
    assert.equal((await holdfast(["restore", file])).code, 7);
    const restored = await holdfast(["restore", file, "--yes", "--json"]);
    assert.equal(restored.code, 0, restored.stderr);
    assert.equal(JSON.parse(restored.stdout).version, version + 1);
    const { state } = setup.registry;
    assert.equal(state.get("name", "new.holdfast.test"), undefined);
    assert.notEqual(state.get("name", site), undefined);
    assert.notEqual(state.get("permission", "pop1-www"), undefined);
    assert.equal(state.get("edge", pop1)?.state, "revoked");
    const damaged = await Deno.readFile(file);
    damaged[damaged.length >> 1]! ^= 1;
    await Deno.writeFile(folder.file("damaged"), damaged);
    for (const bad of [folder.file("damaged"), "/etc/passwd"]) {
      const refused = await holdfast(["restore", bad, "--yes"]);
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /Cannot (use|read|restore|open)/);
    }
  });
});

Deno.test("--config finds the socket that a key server's configuration names", async () => {
  await withCli(async ({ holdfast, folder }) => {
    const config = folder.file("key-server.toml");
    await Deno.writeTextFile(config, keyServerToml('unix = "admin.sock"'));
    const env = { HOLDFAST_ADMIN: "" };
    const found = await holdfast(["status", "--config", config], { env });
    assert.equal(found.code, 0, found.stderr);
    await Deno.writeTextFile(config, keyServerToml(undefined));
    const missing = await holdfast(["status", "--config", config], { env });
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /\[admin_api\]/);
  });
});

function keyServerToml(unix: string | undefined): string {
  return `
[listen]
address = "127.0.0.1:4433"
certificate = "a.pem"
private_key = "a.key"
client_ca = "b.pem"
${unix === undefined ? "" : `[registry]\npath = "registry.sqlite"\n[admin_api]\n${unix}\n`}
[[token]]
uri = "pkcs11:token=t?module-path=/usr/lib/softhsm/libsofthsm2.so"
[[key]]
name = "k"
uri = "pkcs11:object=k;type=private"
`;
}

Deno.test("without a server the errors of mutual TLS say which file is missing", async () => {
  const { code, stderr } = await runCli(["status", "--server", "127.0.0.1:1"]);
  assert.equal(code, 2);
  assert.match(stderr, /--identity FILE \(or HOLDFAST_ADMIN_IDENTITY\)/);
});

/** Runs the CLI on a terminal of its own (script(1)), with what somebody types. */
async function onTerminal(args: readonly string[], env: Record<string, string>, typed: string) {
  const command = `stty cols 100 rows 30; ${[frontDoor, ...args].map((word) => `'${word}'`).join(" ")}`;
  const child = new Deno.Command("script", {
    args: ["--quiet", "--return", "--command", command, "/dev/null"],
    env: { ...env, TERM: "xterm" },
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
  let shown = "";
  for await (const chunk of child.stdout) {
    shown += new TextDecoder().decode(chunk);
    if (typed !== "" && /\?[^]*No/.test(shown)) {
      await writer.write(new TextEncoder().encode(typed));
      typed = "";
    }
  }
  clearTimeout(timer);
  await writer.close().catch(() => {});
  return { code: (await child.status).code, shown };
}

Deno.test("on a terminal there are colours, NO_COLOR takes them away, and what cannot be undone is asked", async () => {
  await withCli(async ({ folder, setup }) => {
    const env = { HOLDFAST_ADMIN: folder.file("admin.sock"), NO_COLOR: "" };
    const colored = await onTerminal(["keys", "list"], env, "");
    assert(colored.shown.includes("\x1b[32mactive\x1b[0m"), JSON.stringify(colored.shown));
    const plain = await onTerminal(["keys", "list"], { ...env, NO_COLOR: "1" }, "");
    assert(!plain.shown.includes("\x1b["));
    const no = await onTerminal(["edges", "revoke", pop1], env, "\r");
    assert.equal(no.code, 7, no.shown);
    assert.equal(setup.registry.state.get("edge", pop1), undefined);
    const yes = await onTerminal(["edges", "revoke", pop1], env, "y");
    assert.equal(yes.code, 0, yes.shown);
    assert.equal(setup.registry.state.get("edge", pop1)?.state, "revoked");
  });
});
