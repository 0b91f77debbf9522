import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import type { ServedName } from "../../shared/control_protocol/served_name.ts";
import { pemToDer } from "../../shared/libcrypto/x509.ts";
import { mustRun, runCommand } from "../../test/harness/command.ts";
import type { ConfigTable } from "../../test/harness/config_patch.ts";
import { poll } from "../../test/harness/poll.ts";
import { siteName } from "../connection/testing/software_key.ts";
import { writeDocument } from "../control/document_file.ts";
import { documentFile } from "../control/state_folder.ts";
import { lineage, pushedName } from "../control/testing/pushed_names.ts";
import { echoed, EdgeStage } from "./testing/edge_stage.ts";

/** What an edge finds of an earlier life: one name with the certificate that the stage's key server signs for. */
async function keepDocument(stage: EdgeStage, changes: Partial<ServedName> = {}): Promise<string> {
  const state = stage.pki.folder.file("state");
  const chain = pemToDer(await Deno.readTextFile(stage.pki.folder.file("www.pem"))).map((der) =>
    der.toBase64()
  );
  const name = pushedName("www", [{ id: "ab".repeat(32), chain, phase: "active" }], changes);
  await Deno.mkdir(state, { recursive: true });
  await writeDocument(documentFile(state), { lineage, version: 7, names: new Map([["www", name]]) });
  return state;
}

/** The stage's edge without certificate files; its key server speaks the keyless protocol alone. */
function pushed(stage: EdgeStage, state: string): ConfigTable {
  const [site] = stage.config.site as readonly ConfigTable[];
  const { certificates: _, ...rest } = site!;
  return { control: { state }, site: [rest] };
}

async function reloaded(stage: EdgeStage, patch: ConfigTable): Promise<void> {
  await stage.reload(patch);
  await poll("the reload", () => stage.count("edge-reloaded") > 0 || stage.count("reload-refused") > 0);
  assert.equal(stage.count("reload-refused"), 0);
}

Deno.test("with the control channel away an edge serves by its last version, and a worker that is restarted does", async () => {
  await using stage = await EdgeStage.start();
  await reloaded(stage, pushed(stage, await keepDocument(stage)));
  using connection = await stage.connect();
  assert.equal(await echoed(connection, "served"), "served");
  const { checks } = JSON.parse((await stage.edge.admin("/readyz")).body);
  assert.deepEqual([checks.control.version, checks.control.connected], [7, false]);
  const crashes = stage.count("worker-restarted");
  for (const pid of await stage.workers()) Deno.kill(pid, "SIGKILL");
  await poll("both workers", () => stage.count("worker-restarted") >= crashes + 2);
  using again = await stage.connect();
  assert.equal(await echoed(again, "served"), "served");
});

Deno.test("a state file that is damaged keeps no edge from starting: it is told, and key servers have to send anew", async () => {
  await using stage = await EdgeStage.start();
  const state = await keepDocument(stage);
  await Deno.writeTextFile(documentFile(state), "half a docu");
  await reloaded(stage, pushed(stage, state));
  assert.equal(stage.count("control-state-unusable"), 1);
  await assert.rejects(stage.connect());
});

Deno.test("another state folder is refused at a reload, and the edge serves on", async () => {
  await using stage = await EdgeStage.start();
  await reloaded(stage, pushed(stage, await keepDocument(stage)));
  await stage.reload(pushed(stage, stage.pki.folder.file("elsewhere")));
  await poll("the refusal", () => stage.count("reload-refused") === 1);
  using connection = await stage.connect();
  assert.equal(await echoed(connection, "served"), "served");
});

Deno.test("a client that offers acme-tls/1 alone gets the challenge's certificate, that protocol, and the end", async () => {
  await using stage = await EdgeStage.start();
  const served = new X509Certificate(await Deno.readTextFile(stage.pki.folder.file("www.pem")));
  const publicKey = new Uint8Array(served.publicKey.export({ type: "spki", format: "der" }));
  const challenge = new X509Certificate(await stage.pki.pki.siteCertificate(publicKey, [siteName]));
  const challenges = [{ serverName: siteName, certificate: challenge.raw.toString("base64") }];
  await reloaded(stage, pushed(stage, await keepDocument(stage, { challenges })));
  const { host, port } = stage.address;
  const shown = async (alpn: string) => {
    const args = ["-connect", `${host}:${port}`, "-servername", siteName, "-alpn", alpn, "-ign_eof"];
    // With -ign_eof it ends only when the edge does.
    const { stdout } = alpn === "acme-tls/1"
      ? await mustRun("openssl", ["s_client", ...args])
      : await runCommand("openssl", ["s_client", ...args.slice(0, -1)]);
    const pem = /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/.exec(stdout)![0];
    return [new X509Certificate(pem).serialNumber, /^ALPN protocol: (\S+)$/m.exec(stdout)?.[1]];
  };
  assert.deepEqual(await shown("acme-tls/1"), [challenge.serialNumber, "acme-tls/1"]);
  assert.deepEqual(await shown("acme-tls/1,http/1.1"), [served.serialNumber, "http/1.1"]);
  using connection = await stage.connect();
  assert.equal(await echoed(connection, "served"), "served");
});

Deno.test("--check tells which pushed certificates are held, for which names, until when", async () => {
  await using stage = await EdgeStage.start();
  await reloaded(stage, pushed(stage, await keepDocument(stage)));
  const holdfast = new URL("../../holdfast", import.meta.url).pathname;
  const { stdout } = await mustRun(holdfast, ["edge", "--config", stage.configFile, "--check"]);
  assert.match(stdout, /version 7 of the registry, 1 names/);
  assert.match(stdout, new RegExp(`${siteName}: ecdsa-p256 until 20`));
});
