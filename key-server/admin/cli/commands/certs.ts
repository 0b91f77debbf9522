import type { Command } from "commander";
import type {
  CertificateCheck,
  CertificateList,
  CertificateRequestAnswer,
  CertificateSummary,
  CertificateView,
} from "../../schemas/certificates.ts";
import { holdsPrivateKey } from "../../secrets.ts";
import { pathOf } from "../../client/api_client.ts";
import { apiCommand, commandGroup, type CommonOptions, openClient, showAnswer } from "../command.ts";
import { usageError } from "../errors.ts";
import { exitCodes } from "../exit_codes.ts";
import { readText, writeText } from "../files.ts";
import { accent, fields, print, printJson, table } from "../terminal.ts";
import { day, list, moment, shortId } from "../texts.ts";
import { parseList } from "../values.ts";

export function addCertificateCommands(program: Command): void {
  const certs = commandGroup(program, "certs", "Certificates and their chains.");
  apiCommand(certs, {
    usage: "list",
    summary: "All certificates, and where they are served.",
    example: "holdfast certs list",
  }).action((options: CommonOptions) =>
    showAnswer(options, (client) => client.get<CertificateList>("/v1/certificates"), describeAll)
  );
  apiCommand(certs, {
    usage: "show <certificate>",
    summary: "One certificate with its chain in PEM; six digits of its id are enough.",
    example: "holdfast certs show 3f9a2c41b0de",
    completes: ["certificate"],
  }).action((certificate: string, options: CommonOptions) =>
    showAnswer(
      options,
      (client) => client.get<CertificateView>(pathOf`/v1/certificates/${certificate}`),
      describe,
    )
  );
  addWork(certs);
}

interface WorkOptions extends CommonOptions {
  readonly forKey?: string;
  readonly hosts?: readonly string[];
  readonly out?: string;
}

function addWork(certs: Command): void {
  apiCommand(certs, {
    usage: "csr [name]",
    summary:
      "A certificate request, signed by the key in its token: of a name's rotation that waits, or of a key.",
    example: "holdfast certs csr www.holdfast.test --out www.csr",
    completes: ["name"],
  })
    .option("--for-key <key>", "of this key")
    .option("--hosts <list>", "with --for-key: the host names; those of its names unless told", parseList)
    .option("--out <file>", "write it to a new file")
    .action(async (name: string | undefined, { forKey, hosts, out, ...options }: WorkOptions) => {
      if ((name === undefined) === (forKey === undefined)) {
        throw usageError("Cannot make a request: name either a name or --for-key KEY");
      }
      const body = name !== undefined ? { name } : { key: forKey, serverNames: hosts };
      const client = await openClient(options);
      const answer = await client.post<CertificateRequestAnswer>("/v1/certificate-requests", body);
      if (options.json) printJson(answer);
      else await writeText(out, answer.request);
    });
  apiCommand(certs, {
    usage: "install <name> <chain.pem>",
    summary: "Install an external CA's chain, leaf first; a rotation that waits for it goes on.",
    example: "holdfast certs install www.holdfast.test www-chain.pem",
    completes: ["name", "file"],
  }).action(async (name: string, file: string, options: CommonOptions) => {
    const body = { chain: await readChain(file) };
    const path = pathOf`/v1/names/${name}/certificates`;
    await showAnswer(options, (client) => client.post<CertificateView>(path, body), describe);
  });
  apiCommand(certs, {
    usage: "check <name> [chain.pem]",
    summary:
      "Hold a chain against a name, or all that the name has: key, host names, validity, chain. Exits 1 if one fails.",
    example: "holdfast certs check www.holdfast.test",
    completes: ["name", "file"],
  }).action(async (name: string, file: string | undefined, options: CommonOptions) => {
    const body = { name, ...(file !== undefined && { chain: await readChain(file) }) };
    const client = await openClient(options);
    const answer = await client.post<CertificateCheck>("/v1/certificate-checks", body);
    if (options.json) printJson(answer);
    else print(answer.checks.map(describeCheck).join("\n"));
    if (!answer.passed) Deno.exit(exitCodes.failed);
  });
}

/** Throws CliError, also where it would send a private key. */
async function readChain(file: string): Promise<string> {
  const text = await readText(file);
  if (!holdsPrivateKey(text)) return text;
  throw usageError(`Cannot send ${file}: there is a private key in it; give the certificates alone`);
}

function describeCheck({ passed, text }: CertificateCheck["checks"][number]): string {
  return `${passed ? accent("green", "ok  ") : accent("red", "FAIL")}  ${text}`;
}

function describeAll({ certificates }: CertificateList): Promise<string> {
  const rows = certificates.map((each) => [
    shortId(each.id),
    summary(each.serverNames),
    each.key ?? "-",
    usesOf(each),
    `${day(each.notAfter)} (${lifeOf(each)})`,
    each.source,
  ]);
  return table(["certificate", "host names", "key", "served", "until", "source"], rows);
}

function summary(names: readonly string[]): string {
  return names.length > 2 ? `${names.slice(0, 2).join(", ")}, …` : list(names);
}

function usesOf({ uses }: CertificateSummary): string {
  return list(uses.map(({ name, phase }) => phase === "active" ? name : `${name} (${phase})`), "nowhere");
}

function lifeOf({ daysLeft }: CertificateSummary): string {
  const text = daysLeft < 0 ? "over" : `${daysLeft} days`;
  return daysLeft < 7 ? accent("red", text) : daysLeft < 30 ? accent("yellow", text) : text;
}

function describe(certificate: CertificateView): string {
  const head = fields([
    ["certificate", certificate.id],
    ["subject", certificate.subject],
    ["issuer", certificate.issuer],
    ["serial number", certificate.serialNumber],
    ["host names", list(certificate.serverNames)],
    ["valid", `${moment(certificate.notBefore)} to ${moment(certificate.notAfter)} (${lifeOf(certificate)})`],
    ["key", certificate.key ?? "none of the registry"],
    ["served", usesOf(certificate)],
    ["source", certificate.source],
  ]);
  return `${head}\n\n${certificate.chain}`;
}
