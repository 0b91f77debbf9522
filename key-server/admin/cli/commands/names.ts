import type { Command } from "commander";
import type { NameList, NameView } from "../../schemas/names.ts";
import { pathOf } from "../../client/api_client.ts";
import { apiCommand, commandGroup, type CommonOptions, showAnswer } from "../command.ts";
import { fields, table } from "../terminal.ts";
import { day, list, shortId } from "../texts.ts";

export function addNameCommands(program: Command): void {
  const names = commandGroup(
    program,
    "names",
    "What is served: host names with their keys and certificates.",
  );
  apiCommand(names, {
    usage: "list",
    summary: "All names, and which keys they are served with.",
    example: "holdfast names list",
  }).action((options: CommonOptions) =>
    showAnswer(options, (client) => client.get<NameList>("/v1/names"), describeAll)
  );
  apiCommand(names, {
    usage: "show <name>",
    summary: "One name: its host names, keys and certificates.",
    example: "holdfast names show www.holdfast.test",
    completes: ["name"],
  }).action((name: string, options: CommonOptions) =>
    showAnswer(options, (client) => client.get<NameView>(pathOf`/v1/names/${name}`), describe)
  );
}

function describeAll({ names }: NameList): Promise<string> {
  const rows = names.map(({ name, serverNames, bindings, rotation }) => [
    name,
    serverNames === null ? "any" : summary(serverNames),
    list(bindings.map(({ algorithm, phase }) => phase === "active" ? algorithm : `${algorithm} (${phase})`)),
    day(bindings.filter(({ phase }) => phase === "active").map(({ notAfter }) => notAfter).sort()[0] ?? null),
    rotation ?? "-",
  ]);
  return table(["name", "host names", "served with", "until", "rotation"], rows);
}

function summary(serverNames: readonly string[]): string {
  const [first = "-", ...others] = serverNames;
  return others.length === 0 ? first : `${first} and ${others.length} more`;
}

async function describe(name: NameView): Promise<string> {
  const head = fields([
    ["name", name.name],
    ["host names", name.serverNames === null ? "any" : list(name.serverNames)],
    ["tickets", name.ticketDomain === null ? "a domain of its own" : `domain ${name.ticketDomain}`],
    ["rotation", name.rotation ?? "none under way"],
  ]);
  const rows = name.bindings.map((binding) => [
    binding.phase,
    binding.key,
    `${binding.algorithm}${binding.keyState === "active" ? "" : `, ${binding.keyState}`}`,
    binding.certificate === null ? "of the edges' own files" : shortId(binding.certificate),
    day(binding.notAfter),
  ]);
  return `${head}\n\n${await table(["phase", "key", "algorithm", "certificate", "until"], rows)}`;
}
