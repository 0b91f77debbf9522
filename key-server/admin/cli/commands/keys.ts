import type { Command } from "commander";
import type { KeyList, KeyView } from "../../schemas/keys.ts";
import { pathOf } from "../../client/api_client.ts";
import { apiCommand, commandGroup, type CommonOptions, showAnswer } from "../command.ts";
import { accent, fields, table } from "../terminal.ts";
import { day, list, moment } from "../texts.ts";

export function addKeyCommands(program: Command): void {
  const keys = commandGroup(program, "keys", "Private keys, which stay in their token.");
  apiCommand(keys, {
    usage: "list",
    summary: "All keys, with their states.",
    example: "holdfast keys list",
  }).action((options: CommonOptions) =>
    showAnswer(options, (client) => client.get<KeyList>("/v1/keys"), describeAll)
  );
  apiCommand(keys, {
    usage: "show <key>",
    summary: "One key: where it is, what it can do, which names have it.",
    example: "holdfast keys show www-ecdsa",
    completes: ["key"],
  }).action((key: string, options: CommonOptions) =>
    showAnswer(options, (client) => client.get<KeyView>(pathOf`/v1/keys/${key}`), describe)
  );
}

function describeAll({ keys }: KeyList): Promise<string> {
  const rows = keys.map((
    key,
  ) => [key.name, key.algorithm, stateOf(key), list(key.names), day(key.createdAt)]);
  return table(["key", "algorithm", "state", "names", "since"], rows);
}

function stateOf({ state, loaded }: KeyView): string {
  if (state !== "active") return state;
  return loaded ? accent("green", "active") : accent("red", "active, not loaded");
}

function describe(key: KeyView): string {
  return fields([
    ["key", key.name],
    ["state", `${stateOf(key)} since ${moment(key.stateSince)}`],
    ...key.problem === null ? [] : [["problem", key.problem] as const],
    ["algorithm", key.algorithm],
    ["identifier", key.subjectKeyIdentifier],
    ["in the token", key.uri],
    ["origin", `${key.origin}, ${moment(key.createdAt)}`],
    ["purposes", list(key.purposes)],
    ["schemes", list(key.signatureSchemes)],
    ["names", list(key.names)],
  ]);
}
