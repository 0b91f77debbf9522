import type { Command } from "commander";
import type { PermissionEntity } from "../../../registry/entities/permission.ts";
import { apiCommand, type CommonOptions, showAnswer } from "../command.ts";
import { confirm } from "../confirm.ts";
import { describePermission } from "../permission_texts.ts";
import { parseList, parseRate } from "../values.ts";

interface PermissionOptions extends CommonOptions {
  readonly group?: boolean;
  readonly operations?: readonly string[];
  readonly hosts?: readonly string[];
  readonly strict?: boolean;
  readonly rate?: { readonly perSecond: number; readonly burst: number };
  readonly yes?: boolean;
}

const operationsHelp = "sign-tls13, sign-tls12, rsa-key-exchange, by commas";

export function addPermissionCommands(edges: Command): void {
  apiCommand(edges, {
    usage: "allow <edge> <name>",
    summary:
      "Allow an edge, or with --group all edges of a group, to use a name's keys. Permissions add up: to narrow one, remove it with policy remove.",
    example:
      "holdfast edges allow europe www.holdfast.test --group --operations sign-tls13,sign-tls12 --rate 200/400",
    completes: ["edge", "name"],
  })
    .option("--group", "the first argument is a group")
    .option("--operations <list>", `${operationsHelp}; sign-tls13 unless told`, parseList)
    .option("--hosts <list>", "only these host names of the name; needs --strict", parseList)
    .option("--strict", "the key server reads each handshake itself; TLS 1.3 only")
    .option("--rate <rate>", "for each edge: so many a second, or RATE/BURST", parseRate)
    .action((who: string, name: string, options: PermissionOptions) => {
      const { operations, hosts, strict, rate } = options;
      const transcript = strict ? "strict" : "hash";
      const body = {
        subject: subjectOf(who, options),
        name,
        operations,
        serverNames: hosts,
        transcript,
        rate,
      };
      return showAnswer(
        options,
        (client) => client.post<PermissionEntity>("/v1/permissions/allow", body),
        describePermission,
      );
    });
  apiCommand(edges, {
    usage: "deny <edge> [name]",
    summary:
      "Deny an edge, or a group, what a name's keys do; all names unless told. It wins over what is allowed.",
    example:
      "holdfast edges deny spiffe://holdfast.test/edge/pop1 www.holdfast.test --operations rsa-key-exchange",
    completes: ["edge", "name"],
  })
    .option("--group", "the first argument is a group")
    .option("--operations <list>", `${operationsHelp}; all unless told`, parseList)
    .option("--hosts <list>", "only these host names", parseList)
    .option("--yes", "do not ask")
    .action(async (who: string, name: string | undefined, options: PermissionOptions) => {
      const { operations, hosts } = options;
      await confirm(
        `Deny ${who} ${operations?.join(", ") ?? "everything"} with ${name ?? "all names"}?`,
        options.yes,
      );
      const body = { subject: subjectOf(who, options), name, operations, serverNames: hosts };
      await showAnswer(
        options,
        (client) => client.post<PermissionEntity>("/v1/permissions/deny", body),
        describePermission,
      );
    });
}

function subjectOf(who: string, { group }: PermissionOptions): PermissionEntity["subject"] {
  return group ? { group: who } : { edge: who };
}
