import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { opensslClient } from "../harness/clients/openssl_client.ts";
import { runCommand } from "../harness/command.ts";
import type { ConfigTable } from "../harness/config_patch.ts";
import { edgeConfig, keyServerConfig } from "../harness/default_configs.ts";
import { greeting } from "../harness/http_backend.ts";
import type { Installation } from "../harness/installation.ts";
import { OcspResponder } from "../harness/ocsp_responder.ts";
import { type System, withSystem } from "../harness/system.ts";

const frontDoor = fileURLToPath(new URL("../../holdfast", import.meta.url));

/** The ECDSA certificate with a staple, the RSA one without. */
function stapledSite(installation: Installation) {
  const [site] = edgeConfig(installation, "pop1", 0).site as [Record<string, string>];
  const certificates = [{ chain: "www-ecdsa.pem", ocsp: "www.ocsp" }, "www-rsa.pem"];
  return { workers: 2, site: [{ ...site, certificates }] };
}

/** What `openssl s_client -status` shows of the response, once the page has come. */
async function stapled(system: System, version: "1.2" | "1.3", keyType: "ECDSA" | "RSA" = "ECDSA") {
  const { output, verified, response } = await opensslClient(system.endpoint, {
    version,
    signatureAlgorithms: keyType === "ECDSA" ? "ECDSA+SHA256" : "RSA-PSS+SHA256",
    extraArguments: ["-status"],
  });
  assert(verified, output);
  assert(response.endsWith(greeting), output);
  if (output.includes("OCSP response: no response sent")) return undefined;
  assert.match(output, /OCSP Response Status: successful/);
  return { status: /Cert Status: (\w+)/.exec(output)?.[1], until: /Next Update: (.*)/.exec(output)?.[1] };
}

/** Replaces the file as a cron job should, and waits until both workers have looked. */
async function replace(system: System, event: string, content: Uint8Array): Promise<void> {
  const count = () => system.edge.records.filter((record) => record.event === event).length;
  const before = count();
  const file = system.installation.file("www.ocsp");
  await Deno.writeFile(`${file}.new`, content);
  await Deno.rename(`${file}.new`, file);
  await system.edge.record(`${event} of both workers`, () => count() === before + 2);
}

async function check(system: System) {
  return await runCommand(frontDoor, [
    "edge",
    "--config",
    system.installation.file("edge-pop1-0.toml"),
    "--check",
  ]);
}

Deno.test("a strict key server reads the stapled response on its way to what it signs", async () => {
  const grantStrict = (installation: Installation) => {
    const grants = keyServerConfig(installation, 0).grant as ConfigTable[];
    return { grant: grants.map((grant) => ({ ...grant, operations: ["sign-tls13"], transcript: "strict" })) };
  };
  const edge = (installation: Installation) => ({
    ...stapledSite(installation),
    tls: { transcript: "strict" },
  });
  await withSystem({ keyServer: grantStrict, edge }, async (system) => {
    const { installation } = system;
    const responder = await OcspResponder.create(installation.folder, installation.pki.web);
    const chainPem = await Deno.readTextFile(installation.file("www-ecdsa.pem"));
    await replace(system, "ocsp-staple-taken", await responder.answer(chainPem));
    assert.equal((await stapled(system, "1.3"))?.status, "good");
  });
});

Deno.test("an OCSP response is stapled in TLS 1.3 and 1.2 from its file, which is taken up anew without a restart", async (t) => {
  await withSystem({ edge: stapledSite }, async (system) => {
    const { installation, edge } = system;
    const responder = await OcspResponder.create(installation.folder, installation.pki.web);
    const chainPem = await Deno.readTextFile(installation.file("www-ecdsa.pem"));
    const versions = ["1.3", "1.2"] as const;
    const stapledTimes: (string | undefined)[] = [];

    await t.step("a file that is missing at start keeps nobody from serving, and --check tells", async () => {
      for (const version of versions) assert.equal(await stapled(system, version), undefined);
      assert.equal(await edge.metric("holdfast_edge_ocsp_staples", { state: "absent" }), 1);
      const { code, stderr } = await check(system);
      assert.equal(code, 0);
      assert.match(stderr, /^Warning: Cannot staple the OCSP response .*www\.ocsp: there is no such file$/m);
    });

    await t.step("the file comes, and is replaced", async () => {
      for (const days of [3, 5]) {
        await replace(system, "ocsp-staple-taken", await responder.answer(chainPem, { days }));
        const [first, second] = [await stapled(system, "1.3"), await stapled(system, "1.2")];
        assert.equal(first?.status, "good");
        assert.deepEqual(first, second);
        stapledTimes.push(first?.until);
      }
      assert.equal(new Set(stapledTimes).size, 2, "the second response has another nextUpdate");
      assert.equal(await edge.metric("holdfast_edge_ocsp_staples", { state: "good" }), 1);
      const { code, stderr } = await check(system);
      assert.equal(code, 0);
      assert.doesNotMatch(stderr, /OCSP/);
    });

    await t.step("the site's other certificate has none", async () => {
      for (const version of versions) assert.equal(await stapled(system, version, "RSA"), undefined);
    });

    await t.step("a bad file keeps the response from before", async () => {
      const other = await responder.answer(await Deno.readTextFile(installation.file("www-rsa.pem")));
      for (const bad of [other, Uint8Array.of(0x30, 3, 0x0a, 1, 6)]) {
        await replace(system, "ocsp-staple-refused", bad);
        for (const version of versions) {
          assert.equal((await stapled(system, version))?.until, stapledTimes[1]);
        }
      }
      assert.equal(await edge.metric("holdfast_edge_ocsp_staples", { state: "unusable" }), 1);
    });
  });
});
