import type { Command } from "commander";
import type { Changed } from "../../schemas/common.ts";
import type { ExplanationView, PermissionList } from "../../schemas/policy.ts";
import { pathOf } from "../../client/api_client.ts";
import { apiCommand, commandGroup, type CommonOptions, openClient, showAnswer } from "../command.ts";
import { confirm } from "../confirm.ts";
import { exitCodes } from "../exit_codes.ts";
import { effectText, rateText, subjectText } from "../permission_texts.ts";
import { accent, print, printJson, table } from "../terminal.ts";
import { list } from "../texts.ts";

interface ExplainOptions extends CommonOptions {
  readonly host?: string;
  readonly strict?: boolean;
}

interface RemoveOptions extends CommonOptions {
  readonly yes?: boolean;
}

export function addPolicyCommands(program: Command): void {
  const policy = commandGroup(program, "policy", "Who may do what with which name's keys, and why.");
  apiCommand(policy, {
    usage: "list",
    summary: "All permissions and denials.",
    example: "holdfast policy list",
  }).action((options: CommonOptions) =>
    showAnswer(options, (client) => client.get<PermissionList>("/v1/permissions"), describeAll)
  );
  apiCommand(policy, {
    usage: "explain <edge> <name> [operation]",
    summary: "Why an edge may do something with a name's keys, or why not. Exits 3 where it may not.",
    example: "holdfast policy explain spiffe://holdfast.test/edge/pop1 www.holdfast.test sign-tls12",
    completes: ["edge", "name", "operation"],
  })
    .option(
      "--host <name>",
      'the host name that a client asks for; "" for none; the first of the name unless told',
    )
    .option("--strict", "as if the edge sent the whole handshake")
    .action(explain);
  apiCommand(policy, {
    usage: "remove <permission>",
    summary: "Remove a permission or a denial.",
    example: "holdfast policy remove allow-pop1-www.holdfast.test",
    completes: ["permission"],
  })
    .option("--yes", "do not ask")
    .action(async (id: string, options: RemoveOptions) => {
      await confirm(`Remove the permission ${id}?`, options.yes);
      const path = pathOf`/v1/permissions/${id}`;
      const describe = ({ version }: Changed) => `${id} is removed, from version ${version} on`;
      await showAnswer(options, (client) => client.delete<Changed>(path), describe);
    });
}

async function explain(
  edge: string,
  name: string,
  operation = "sign-tls13",
  options: ExplainOptions,
): Promise<void> {
  const query = new URLSearchParams({
    edge,
    name,
    operation,
    ...(options.host !== undefined && { serverName: options.host }),
    ...(options.strict && { transcript: "strict" }),
  });
  const client = await openClient(options);
  const explanation = await client.get<ExplanationView>(`/v1/policy/explanation?${query}`);
  if (options.json) printJson(explanation);
  else print(describe(explanation));
  if (!explanation.allowed) Deno.exit(exitCodes.refused);
}

const marks: Readonly<Record<ExplanationView["steps"][number]["outcome"], string>> = {
  passes: "goes on",
  notes: "aside",
  ends: "decides",
};

function describe({ allowed, verdict, serverName, steps }: ExplanationView): string {
  const answer = allowed ? accent("green", "allowed") : accent("red", "refused");
  const lines = steps.map(({ outcome, text }) => `  ${marks[outcome].padEnd(8)} ${text}`);
  return [`${answer} for ${serverName === "" ? "clients without a name" : serverName}: ${verdict}`, ...lines]
    .join("\n");
}

function describeAll({ permissions }: PermissionList): Promise<string> {
  const rows = permissions.map((permission) => [
    permission.id,
    effectText(permission),
    subjectText(permission),
    permission.name ?? "all names",
    list(permission.operations),
    permission.serverNames === undefined ? "all" : list(permission.serverNames),
    permission.effect === "deny" ? "-" : permission.transcript,
    permission.effect === "deny" ? "-" : rateText(permission),
  ]);
  return table(["permission", "effect", "who", "name", "operations", "hosts", "transcript", "rate"], rows);
}
