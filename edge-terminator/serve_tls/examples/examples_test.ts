import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { writePublic, writeSecret } from "../../../certs/write.ts";
import { runCommand } from "../../../test/harness/command.ts";
import { freePort } from "../../../test/harness/loopback.ts";
import { poll } from "../../../test/harness/poll.ts";
import { ChildProcess } from "../../../test/harness/processes/child_process.ts";
import { TemporaryFolder } from "../../../test/harness/temporary_folder.ts";
import { pki, siteName, testCertificate } from "../testing/test_certificate.ts";

/** A slide at a readable size. */
const linesOnASlide = 30;

const pathOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));

function deno(...args: string[]): string[] {
  return ["run", "--quiet", "--no-prompt", "--cached-only", "--allow-net", "--allow-read", ...args];
}

Deno.test("M1: a client and a server of a Hono application fit a slide each", async () => {
  for (const name of ["serve_hono.ts", "client.ts"]) {
    const lines = (await Deno.readTextFile(pathOf(name))).trimEnd().split("\n");
    assert(lines.length <= linesOnASlide && lines.every((line) => line.length <= 110), name);
  }
});

Deno.test("M1: the client gets the Hono application's answer, curl two over one connection", async () => {
  await using folder = await TemporaryFolder.create();
  const [chain, key, root] = [folder.file("chain.pem"), folder.file("key.pem"), folder.file("root.pem")];
  const certificate = await testCertificate();
  await writePublic(chain, certificate.chain);
  await writeSecret(key, certificate.privateKeyPem);
  await writePublic(root, pki.webRoot.certificatePem);
  const port = String(freePort());
  await using server = new ChildProcess({
    name: "serve_hono",
    command: Deno.execPath(),
    args: deno("--allow-ffi", pathOf("serve_hono.ts"), chain, key, port),
  });
  await poll("the server", async () => {
    assert.equal(server.end, undefined, server.lines.join("\n"));
    (await Deno.connect({ hostname: "127.0.0.1", port: Number(port) })).close();
    return true;
  });
  const client = await runCommand(
    Deno.execPath(),
    deno(pathOf("client.ts"), "127.0.0.1", port, siteName, root),
  );
  assert.match(client.stdout, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nHello from Hono\n$/, client.stderr);
  const url = `https://${siteName}:${port}/`;
  const curl = await runCommand("curl", [
    ...["--silent", "--cacert", root, "--resolve", `${siteName}:${port}:127.0.0.1`],
    ...["--write-out", "%{num_connects} ", url, url],
  ]);
  assert.equal(curl.stdout, "Hello from Hono\n1 Hello from Hono\n0 ");
});
