import type { Command } from "commander";
import type { CertificateList, CertificateSummary, CertificateView } from "../../schemas/certificates.ts";
import { pathOf } from "../../client/api_client.ts";
import { apiCommand, commandGroup, type CommonOptions, showAnswer } from "../command.ts";
import { accent, fields, table } from "../terminal.ts";
import { day, list, moment, shortId } from "../texts.ts";

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
