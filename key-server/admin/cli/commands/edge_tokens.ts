import type { Command } from "commander";
import type { Changed } from "../../schemas/common.ts";
import type { CreatedEnrolmentToken, EnrolmentTokenList } from "../../schemas/edges.ts";
import { pathOf } from "../../client/api_client.ts";
import { apiCommand, type CommonOptions, openClient, showAnswer } from "../command.ts";
import { writeNewFile } from "../files.ts";
import { accent, complain, print, printJson, table } from "../terminal.ts";
import { list, moment } from "../texts.ts";
import { parseDuration, parseList } from "../values.ts";

interface TokenOptions extends CommonOptions {
  readonly groups?: readonly string[];
  readonly lifetime?: number;
  readonly out?: string;
}

export function addTokenCommands(edges: Command): void {
  apiCommand(edges, {
    usage: "token <edge>",
    summary: "Let an edge enrol, once. The token is shown this one time.",
    example:
      "holdfast edges token spiffe://holdfast.test/edge/pop2 --groups europe --lifetime 30m --out pop2.token",
    completes: ["edge"],
  })
    .option("--groups <list>", "groups that the edge joins, by commas", parseList)
    .option("--lifetime <time>", "until when it can be used, as 30m; an hour unless told", parseDuration)
    .option("--out <file>", "write it to a new file, mode 0600, instead of showing it")
    .action(createToken);
  apiCommand(edges, {
    usage: "tokens",
    summary: "Enrolment tokens, without their secrets.",
    example: "holdfast edges tokens",
  }).action((options: CommonOptions) =>
    showAnswer(options, (client) => client.get<EnrolmentTokenList>("/v1/enrolment-tokens"), describeAll)
  );
  apiCommand(edges, {
    usage: "revoke-token <id>",
    summary: "Take an enrolment token back.",
    example: "holdfast edges revoke-token 0123456789abcdef",
  }).action((id: string, options: CommonOptions) =>
    showAnswer(
      options,
      (client) => client.delete<Changed>(pathOf`/v1/enrolment-tokens/${id}`),
      () => `${id} opens nothing any more`,
    )
  );
}

async function createToken(edge: string, { groups, lifetime, out, ...options }: TokenOptions): Promise<void> {
  const client = await openClient(options);
  const created = await client.post<CreatedEnrolmentToken>("/v1/enrolment-tokens", {
    edge,
    groups,
    lifetime,
  });
  if (out !== undefined) {
    try {
      await writeNewFile(out, new TextEncoder().encode(`${created.token}\n`));
    } catch (error) {
      // Nobody has its secret.
      await client.delete<Changed>(pathOf`/v1/enrolment-tokens/${created.id}`);
      throw error;
    }
    const { token: _secret, ...rest } = created;
    return options.json
      ? printJson(rest)
      : print(`written to ${out}; it can be used until ${moment(rest.expiresAt)}`);
  }
  if (options.json) return printJson(created);
  // Alone on standard output, so that it can be sent on without its copy in a terminal.
  print(created.token);
  complain(
    `For ${edge}, once, until ${
      moment(created.expiresAt)
    }. Whoever has it can be that edge: it is not shown again.`,
  );
}

function describeAll({ tokens }: EnrolmentTokenList): Promise<string> {
  const rows = tokens.map((token) => [
    token.id,
    token.edge,
    token.state === "open" ? accent("green", "open") : token.state,
    moment(token.usedAt ?? token.expiresAt),
    list(token.groups),
  ]);
  return table(["token", "edge", "state", "used or until", "groups"], rows);
}
