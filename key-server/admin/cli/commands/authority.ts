import type { Command } from "commander";
import type { AuthorityList, AuthorityView } from "../../schemas/authorities.ts";
import { pathOf } from "../../client/api_client.ts";
import { apiCommand, commandGroup, type CommonOptions, showAnswer } from "../command.ts";
import { fields, table } from "../terminal.ts";
import { day, moment } from "../texts.ts";

interface CreateOptions extends CommonOptions {
  readonly name?: string;
  readonly inToken?: string;
}

export function addAuthorityCommands(program: Command): void {
  const authority = commandGroup(
    program,
    "authority",
    "The key server's own certification authorities, whose keys lie in a token.",
  );
  apiCommand(authority, {
    usage: "list",
    summary: "All authorities.",
    example: "holdfast authority list",
  }).action((options: CommonOptions) =>
    showAnswer(options, (client) => client.get<AuthorityList>("/v1/authorities"), describeAll)
  );
  apiCommand(authority, {
    usage: "show <authority>",
    summary: "One authority with its certificate in PEM.",
    example: "holdfast authority show development",
    completes: ["authority"],
  }).action((name: string, options: CommonOptions) =>
    showAnswer(options, (client) => client.get<AuthorityView>(pathOf`/v1/authorities/${name}`), describe)
  );
  apiCommand(authority, {
    usage: "create <purpose>",
    summary: "Create one: for edges (enrolment), or for development certificates (rotate --ca dev).",
    example: "holdfast authority create edges",
    completes: ["purpose"],
  })
    .option("--name <name>", "its name; its purpose unless told")
    .option("--in-token <label>", "which of the key server's tokens, where there are several")
    .action((purpose: string, { name, inToken, ...options }: CreateOptions) => {
      const body = { purpose, name, token: inToken };
      return showAnswer(options, (client) => client.post<AuthorityView>("/v1/authorities", body), describe);
    });
}

function describeAll({ authorities }: AuthorityList): Promise<string> {
  const rows = authorities.map((
    { name, purpose, subject, notAfter },
  ) => [name, purpose, subject, day(notAfter)]);
  return table(["authority", "purpose", "subject", "until"], rows);
}

function describe(authority: AuthorityView): string {
  const head = fields([
    ["authority", authority.name],
    ["purpose", authority.purpose],
    ["subject", authority.subject],
    ["valid until", moment(authority.notAfter)],
    ["in the token", authority.keyUri],
  ]);
  return `${head}\n\n${authority.chain}`;
}
