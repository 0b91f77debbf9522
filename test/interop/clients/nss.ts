import { mustRun, runCommand } from "../../harness/command.ts";
import { type ClientResult, getRequest, present } from "../../harness/clients/negotiated.ts";
import { TemporaryFolder } from "../../harness/temporary_folder.ts";
import { CipherSuite } from "../../../shared/tls_constants.ts";
import { type Cell, type Group, offeredGroups, suiteOf } from "../cell.ts";
import type { Target } from "./run_cell.ts";

const groups: Readonly<Record<Group, string>> = { x25519: "x25519", secp256r1: "P256", secp384r1: "P384" };

/** `tstclnt` of NSS, which Firefox has its TLS from. */
export async function runNss(cell: Cell, { endpoint }: Target): Promise<ClientResult> {
  const { host, port, serverName, rootFile } = endpoint;
  await using folder = await TemporaryFolder.create();
  const database = `sql:${folder.path}`;
  await mustRun("certutil", ["-d", database, "-N", "--empty-password"]);
  await mustRun("certutil", ["-d", database, "-A", "-t", "C,,", "-n", "root", "-i", rootFile]);
  const suite = suiteOf(cell) as keyof typeof CipherSuite | undefined;
  const offered = offeredGroups(cell).map((group) => groups[group]).join(",");
  const request = folder.file("request");
  await Deno.writeTextFile(request, getRequest(serverName, "/"));
  const { code, stdout, stderr } = await runCommand("tstclnt", [
    ...["-d", database, "-h", host, "-p", String(port), "-a", serverName, "-v", "-G", "-A", request],
    ...["-V", `tls${cell.version}:tls${cell.version}`],
    ...(suite === undefined
      ? []
      : ["-c", `:${CipherSuite[suite].toString(16).padStart(4, "0").toUpperCase()}`]),
    ...(offered === "" ? [] : ["-I", offered]),
  ]);
  const start = stdout.search(/^HTTP\/1\.[01] \d{3}/m);
  const output = stdout + stderr;
  return {
    verified: code === 0,
    negotiated: negotiatedFrom(output, cell),
    response: start === -1 ? "" : stdout.slice(start),
    output,
  };
}

/** It tells neither group nor protocol, and the suite by its parts. */
function negotiatedFrom(output: string, cell: Cell) {
  const [, version, bits, cipher] = /SSL version (3\.[34]) using (\d+)-bit (\S+)/.exec(output) ?? [];
  const key = /Server Auth: \d+-bit (ECDSA|RSA)/.exec(output)?.[1];
  const aead = cipher === "AES-GCM"
    ? `AES_${bits}_GCM_SHA${bits === "256" ? 384 : 256}`
    : cipher?.startsWith("ChaCha20") === true
    ? "CHACHA20_POLY1305_SHA256"
    : cipher;
  const prefix = cell.version === "1.3" ? "TLS_" : `TLS_ECDHE_${key}_WITH_`;
  return present({
    version: version === undefined ? undefined : version === "3.4" ? "TLSv1.3" : "TLSv1.2",
    cipherSuite: aead === undefined ? undefined : `${prefix}${aead}`,
    group: undefined,
    signatureScheme: /Signature Scheme: (\S+)/.exec(output)?.[1],
    alpn: undefined,
  });
}
