import assert from "node:assert/strict";
import { DevelopmentPki } from "../../certs/dev_pki.ts";
import { writeIdentity, writePublic, writeRoots } from "../../certs/write.ts";
import { ConfigError } from "../../shared/config/errors.ts";
import { parseConfig } from "../../shared/config/load.ts";
import { ClientPki } from "../../test/harness/client_pki.ts";
import { TemporaryFolder } from "../../test/harness/temporary_folder.ts";
import { type EdgeConfig, edgeConfigSchema, loadEdgeConfig, siteEntries } from "../config.ts";
import { SiteTable } from "./site_table.ts";
import { workerPermissions } from "../supervisor/worker_command.ts";
import { siteChain } from "./test_certificates.ts";

const pki = await DevelopmentPki.create();
const clients = await ClientPki.create();
const identity = await clients.issue();
const chain = await siteChain(pki, "ecdsa-p256");
const example = await Deno.readTextFile(new URL("../example.toml", import.meta.url));

/** The example with its section on client certificates switched on, and changed. */
function configText(change: (section: string) => string): string {
  const commented = /^# \[site\.client_certificates\]\n# mode.*\n# ca.*\n# crls.*$/m;
  const section = commented.exec(example)![0].replace(/^# /gm, "");
  return example.replace(commented, change(section)).replace(', "www-rsa.pem"', "");
}

async function load(change: (section: string) => string = (section) => section): Promise<EdgeConfig> {
  await using folder = await TemporaryFolder.create();
  await writeRoots(folder.path, pki);
  await writeIdentity(folder.path, "edge-pop1", await pki.edgeIdentity("spiffe://holdfast.test/edge/pop1"));
  await writePublic(folder.file("www-ecdsa.pem"), chain);
  await writePublic(folder.file("clients-ca.pem"), clients.authorityPem);
  await writePublic(folder.file("clients.crl"), await clients.revocationListPem());
  await Deno.writeTextFile(folder.file("edge.toml"), configText(change));
  return await loadEdgeConfig(folder.file("edge.toml"));
}

Deno.test("a site that requires client certificates asks for them, and judges them by its authorities", async () => {
  const site = new SiteTable(siteEntries(await load())).find("www.holdfast.test")!;
  assert.equal(site.tls.clientCertificates?.mode, "required");
  assert.equal(site.tls.clientCertificates?.authorities?.length, 1);
  assert.deepEqual(site.verifyClient?.(identity.chain), { accepted: true });
});

Deno.test("with mode none clients are not asked, and no file is read", async () => {
  const config = await load((section) =>
    section.replace("required", "none").replace("clients-ca", "nowhere")
  );
  const site = new SiteTable(siteEntries(config)).find("www.holdfast.test")!;
  assert.equal(site.tls.clientCertificates, undefined);
  assert.equal(site.verifyClient, undefined);
});

Deno.test("files that cannot be used are told at their keys, all at once", async () => {
  await assert.rejects(
    load((section) =>
      section.replace("clients-ca.pem", "nowhere.pem").replace("clients.crl", "www-ecdsa.pem")
    ),
    (error) => {
      assert(error instanceof ConfigError);
      assert.match(
        error.message,
        /site\[0\]\.client_certificates\.ca names a file .*there is no such file/,
      );
      assert.match(
        error.message,
        /site\[0\]\.client_certificates\.crls\[0\] names a file .*no certificate revocation list/,
      );
      return true;
    },
  );
});

Deno.test("a mode that is none of the three, and a section without authorities, are refused", async () => {
  await assert.rejects(
    load((section) => section.replace("required", "always")),
    /client_certificates\.mode/,
  );
  await assert.rejects(
    load((section) => section.replace(/^ca .*$/m, "")),
    /client_certificates\.ca is missing/,
  );
});

Deno.test("a worker may read the authorities and the revocation lists", () => {
  const file = "/etc/holdfast/edge.toml";
  const { read } = workerPermissions(
    file,
    parseConfig(configText((section) => section), file, edgeConfigSchema),
  );
  assert(read.includes("/etc/holdfast/clients-ca.pem"));
  assert(read.includes("/etc/holdfast/clients.crl"));
});
