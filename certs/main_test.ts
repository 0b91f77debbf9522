import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { join } from "node:path";
import { generateKeyPair } from "./key_pair.ts";

Deno.test("the command writes secrets with mode 0600, the rest with 0644, and no authority's key", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const publicKey = join(folder, "www.pub.pem");
    const { publicKeyInfo } = await generateKeyPair();
    await Deno.writeTextFile(
      publicKey,
      `-----BEGIN PUBLIC KEY-----\n${publicKeyInfo.toBase64()}\n-----END PUBLIC KEY-----\n`,
    );
    const out = join(folder, "pki");
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "--cached-only",
        "--no-prompt",
        "--allow-read",
        `--allow-write=${out}`,
        "--allow-env",
      ]
        .concat(fileURLToPath(new URL("main.ts", import.meta.url)), "--out", out)
        .concat(
          "--edge",
          "pop1=spiffe://holdfast.test/edge/pop1",
          "--site",
          `www=${publicKey}`,
          "--names",
          "a.test,b.test",
        ),
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    const modes = new Map<string, number>();
    for await (const { name } of Deno.readDir(out)) {
      modes.set(name, ((await Deno.stat(join(out, name))).mode ?? 0) & 0o777);
    }
    assert.deepEqual(Object.fromEntries([...modes].toSorted()), {
      "edge-ca.pem": 0o644,
      "edge-pop1.key": 0o600,
      "edge-pop1.pem": 0o644,
      "key-server-ca.pem": 0o644,
      "key-server.key": 0o600,
      "key-server.pem": 0o644,
      "web-root.pem": 0o644,
      "www.pem": 0o644,
    });
    const site = new X509Certificate(await Deno.readTextFile(join(out, "www.pem")));
    assert.equal(site.subjectAltName, "DNS:a.test, DNS:b.test");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
