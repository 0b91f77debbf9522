/**
 * Writes a development PKI into a folder: `deno task certs --out DIR [--edge NAME=URI ...] [--site NAME=KEY.pem ...]`.
 *
 * Every run makes new authorities and forgets their keys, so nothing in the folder can certify anything later.
 */
import { Command } from "commander";
import { join, resolve } from "node:path";
import { DevelopmentPki } from "./dev_pki.ts";
import { publicKeyInfoFromPem } from "./key_pair.ts";
import { writeIdentity, writePublic, writeRoots } from "./write.ts";

interface Options {
  readonly out: string;
  readonly keyServer: string;
  readonly edge: readonly Pair[];
  readonly site: readonly Pair[];
  readonly names: string;
}

interface Pair {
  readonly name: string;
  readonly value: string;
}

function parsePair(text: string, earlier: readonly Pair[] = []): readonly Pair[] {
  const match = /^([A-Za-z0-9._-]+)=(.+)$/.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new Error(`Cannot use ${text}: expected NAME=VALUE`);
  }
  return [...earlier, { name: match[1], value: match[2] }];
}

/** A path as the caller means it: a task runs in the repository's root, whatever folder it was called from. */
function fromCaller(path: string): string {
  return resolve(Deno.env.get("INIT_CWD") ?? ".", path);
}

async function writePki(options: Options): Promise<void> {
  const { keyServer, edge, site } = options;
  const out = fromCaller(options.out);
  const [first = "www.holdfast.test", ...others] = options.names.split(",");
  const pki = await DevelopmentPki.create();
  await Deno.mkdir(out, { recursive: true, mode: 0o700 });
  await writeRoots(out, pki);
  await writeIdentity(out, "key-server", await pki.keyServerIdentity(keyServer));
  for (const { name, value } of edge) await writeIdentity(out, `edge-${name}`, await pki.edgeIdentity(value));
  for (const { name, value } of site) {
    const publicKeyInfo = publicKeyInfoFromPem(await Deno.readTextFile(fromCaller(value)));
    await writePublic(join(out, `${name}.pem`), await pki.siteCertificate(publicKeyInfo, [first, ...others]));
  }
}

await new Command("certs")
  .description(
    "Write a development PKI: roots, a key server's and edges' identities, site chains for keys in a token.",
  )
  .requiredOption("--out <folder>", "where to write; made with mode 0700 if absent")
  .option("--key-server <name>", "the key server's DNS name", "key-server.holdfast.test")
  .option(
    "--edge <name=uri>",
    "an edge's identity, as pop1=spiffe://holdfast.test/edge/pop1 (repeatable)",
    parsePair,
    [],
  )
  .option(
    "--site <name=file>",
    "a chain NAME.pem for the public key in a PEM file (repeatable)",
    parsePair,
    [],
  )
  .option("--names <list>", "DNS names of the site chains, separated by commas", "www.holdfast.test")
  .action(writePki)
  .parseAsync(Deno.args, { from: "user" });
