import assert from "node:assert/strict";
import { parseConfig } from "../../shared/config/load.ts";
import { edgeConfigSchema } from "../config.ts";
import { workerCommand, workerPermissions, workerSandbox } from "./worker_command.ts";

const config = (privateKey = "edge.key") =>
  parseConfig(
    `
[[listen]]
address = "127.0.0.1:8443"
[identity]
certificate = "edge.pem"
private_key = "${privateKey}"
[[key_server]]
address = "192.0.2.1:4433"
name = "key-server.test"
ca = "/etc/ca.pem"
[[key_server]]
unix = "/run/key-server.sock"
[[site]]
names = ["a.test"]
certificates = ["a.pem"]
backend = "[2001:db8::1]:80"
[[site]]
names = ["b.test"]
certificates = [{ chain = "b.pem", ocsp = "b.ocsp" }]
backend = "unix:app.sock"
`,
    "/etc/holdfast/edge.toml",
    edgeConfigSchema,
  );

const permissions = (privateKey?: string) => workerPermissions("/etc/holdfast/edge.toml", config(privateKey));

Deno.test("a worker may read the files and reach the addresses that its configuration names, and no others", () => {
  assert.deepEqual(permissions(), {
    read: [
      "/etc/holdfast/edge.toml",
      "/etc/holdfast/edge.pem",
      "/etc/ca.pem",
      "/etc/holdfast/a.pem",
      "/etc/holdfast/b.pem",
      "/etc/holdfast/b.ocsp",
      "/etc/holdfast/edge.key",
      "/run/key-server.sock",
      "/etc/holdfast/app.sock",
    ],
    write: ["/run/key-server.sock", "/etc/holdfast/app.sock"],
    net: [
      "192.0.2.1:4433",
      "[2001:db8::1]:80",
      "unix:/run/key-server.sock",
      "unix:/etc/holdfast/app.sock",
    ],
    env: ["NODE_V8_COVERAGE"],
  });
});

Deno.test("a key from the environment opens that variable, and no file", () => {
  const { env, read } = permissions("env:EDGE_KEY");
  assert(env.includes("EDGE_KEY"));
  assert(!read.some((path) => path.endsWith(".key")));
});

Deno.test("a worker's sandbox has the folders of its files, for their renewal, and not what lies elsewhere", () => {
  const { read, readWrite, connect, bind } = workerSandbox(permissions());
  for (const path of ["/etc/holdfast", "/etc/ca.pem"]) assert(read.includes(path), path);
  for (const path of ["/", "/etc", "/run", "/tmp", "/proc", "/etc/ssl", "/home", "/root"]) {
    assert(!read.includes(path), path);
  }
  assert(!read.some((path) => path.endsWith(".sock")), "a socket is not read");
  assert.deepEqual([readWrite, connect, bind], [[], [4433, 80], []]);
});

Deno.test("a worker that has a name to look up may ask DNS over TCP, too", () => {
  const net = ["backend.test:80", "127.0.0.1:80", "unix:/a:99"];
  assert.deepEqual(workerSandbox({ read: [], write: [], net, env: [] }).connect, [80, 53]);
});

Deno.test("no worker is started with -A, or with a flag that names nothing and so allows everything", () => {
  const { args } = workerCommand({ read: [], write: [], net: [], env: ["A"] });
  assert(args.some((arg) => arg.endsWith("launch.ts")), "it starts in its sandbox");
  assert(!args.includes("-A") && !args.includes("--allow-all"));
  for (const name of ["read", "write", "net", "run", "env"]) assert(!args.includes(`--allow-${name}`), name);
  assert(args.includes("--no-prompt"));
});

Deno.test("a comma in a path does not open a second one", () => {
  const { args } = workerCommand({ read: ["/etc/a,/etc/b"], write: [], net: [], env: [] });
  assert(args.includes("--allow-read=/etc/a,,/etc/b"));
});

Deno.test("ten thousand certificates in folders of their own fit on a command line", async () => {
  const read = Array.from(
    { length: 10_000 },
    (_, index) => `/etc/holdfast/sites/${index}/certificate-chain.pem`,
  );
  const { command, args } = workerCommand({ read, write: [], net: [], env: ["NODE_V8_COVERAGE"] });
  const [allowed] = args.filter((arg) => arg.includes("/9999/certificate"));
  assert.equal(allowed, "--allow-read=/etc/holdfast/sites/9999/certificate-chain.pem");
  // Without a word from a supervisor it ends.
  const { code } = await new Deno.Command(command, { args: [...args], stdin: "null" }).output();
  assert.equal(code, 0);
});
