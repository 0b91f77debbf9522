import type { Command } from "commander";
import type { NameList, NameView } from "../../schemas/names.ts";
import { pathOf } from "../../client/api_client.ts";
import type { Changed } from "../../schemas/common.ts";
import { confirm } from "../confirm.ts";
import { usageError } from "../errors.ts";
import { parseList } from "../values.ts";
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
  addChanges(names);
}

interface NameOptions extends CommonOptions {
  readonly hosts?: readonly string[];
  readonly anyHost?: boolean;
  readonly keys?: readonly string[];
  readonly addKeys?: readonly string[];
  readonly removeKeys?: readonly string[];
  readonly yes?: boolean;
}

function serverNamesOf({ hosts, anyHost }: NameOptions): readonly string[] | null | undefined {
  if (hosts !== undefined && anyHost === true) throw usageError("Cannot take both --hosts and --any-host");
  return anyHost === true ? null : hosts;
}

function addChanges(names: Command): void {
  apiCommand(names, {
    usage: "create <name>",
    summary: "Create a name; it is its own host name unless told otherwise.",
    example:
      "holdfast names create www.holdfast.test --hosts www.holdfast.test,holdfast.test --keys www-ecdsa",
  })
    .option("--hosts <list>", "its host names, by commas", parseList)
    .option("--any-host", "any host name: keys whose certificates are not known here")
    .option("--keys <list>", "keys that are there already, by commas", parseList)
    .action((name: string, options: NameOptions) => {
      const body = { name, serverNames: serverNamesOf(options), keys: options.keys ?? [] };
      return showAnswer(options, (client) => client.post<NameView>("/v1/names", body), describe);
    });
  apiCommand(names, {
    usage: "set <name>",
    summary: "Change the host names of a name, and its keys.",
    example: "holdfast names set www.holdfast.test --hosts www.holdfast.test,holdfast.test",
    completes: ["name"],
  })
    .option("--hosts <list>", "its host names from now on, by commas", parseList)
    .option("--any-host", "any host name")
    .option("--add-keys <list>", "keys to serve with, too", parseList)
    .option("--remove-keys <list>", "keys to serve with no more", parseList)
    .action((name: string, options: NameOptions) => {
      const { addKeys = [], removeKeys = [] } = options;
      const body = { serverNames: serverNamesOf(options), addKeys, removeKeys };
      return showAnswer(
        options,
        (client) => client.patch<NameView>(pathOf`/v1/names/${name}`, body),
        describe,
      );
    });
  apiCommand(names, {
    usage: "delete <name>",
    summary: "Delete a name, and the permissions for it; edges serve it no more.",
    example: "holdfast names delete old.holdfast.test",
    completes: ["name"],
  })
    .option("--yes", "do not ask")
    .action(async (name: string, options: NameOptions) => {
      await confirm(`Delete the name ${name}? Edges will serve it no more.`, options.yes);
      await showAnswer(
        options,
        (client) => client.delete<Changed>(pathOf`/v1/names/${name}`),
        ({ version }) => `${name} is deleted, from version ${version} on`,
      );
    });
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
