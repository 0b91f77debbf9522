import type { Command } from "commander";
import type {
  RevokedTicketEdge,
  RotatedTicketKeys,
  TicketEdgeView,
  TicketStatus,
} from "../../schemas/tickets.ts";
import { apiCommand, commandGroup, type CommonOptions, showAnswer } from "../command.ts";
import { confirm } from "../confirm.ts";
import { accent, table } from "../terminal.ts";
import { duration, list, moment } from "../texts.ts";
import { addTicketDomainCommands } from "./ticket_domains.ts";

export function addTicketCommands(program: Command): void {
  const tickets = commandGroup(
    program,
    "tickets",
    "Session ticket keys that edges share: who has them, new ones, throwing an edge out.",
  );
  apiCommand(tickets, {
    usage: "status",
    summary: "Edges that share ticket keys, how their keys stand, and how often sessions resume.",
    example: "holdfast tickets status",
  }).action((options: CommonOptions) =>
    showAnswer(options, (client) => client.get<TicketStatus>("/v1/tickets"), describe)
  );
  apiCommand(tickets, {
    usage: "rotate [domain]",
    summary: "Have edges make new keys now; former ones still open the tickets that they sealed.",
    example: "holdfast tickets rotate public",
    completes: ["ticket-domain"],
  }).action((domain: string | undefined, options: CommonOptions) =>
    showAnswer(
      options,
      (client) => client.post<RotatedTicketKeys>("/v1/tickets/rotate", { domain }),
      describeRotation,
    )
  );
  addRevocation(tickets);
  addTicketDomainCommands(tickets);
}

interface RevokeOptions extends CommonOptions {
  readonly domain?: string;
  readonly revoke?: boolean;
  readonly reason?: string;
  readonly yes?: boolean;
}

function addRevocation(tickets: Command): void {
  apiCommand(tickets, {
    usage: "revoke-edge <edge>",
    summary: "End every ticket key that an edge knew, at once on all others, and begin a new epoch.",
    example: 'holdfast tickets revoke-edge spiffe://holdfast.test/edge/pop1 --revoke --reason "broken into"',
    completes: ["edge"],
  })
    .option("--domain <domain>", "only in this ticket domain (all that the edge was in)")
    .option(
      "--revoke",
      "revoke the edge itself too, unless it is; without that it is refused who still serves there",
    )
    .option("--reason <text>", "why the edge is revoked, for those who come after")
    .option("--yes", "do not ask")
    .action(async (edge: string, { domain, revoke, reason, yes, ...options }: RevokeOptions) => {
      const where = domain === undefined ? "its ticket domains" : `the ticket domain ${domain}`;
      await confirm(`End all ticket keys of ${where}? Every session there begins anew.`, yes);
      const body = { edge, domain, revoke, reason };
      await showAnswer(
        options,
        (client) => client.post<RevokedTicketEdge>("/v1/tickets/revoke-edge", body),
        describeRevocation,
      );
    });
}

async function describe({ domains, edges, problem }: TicketStatus): Promise<string> {
  const parts = [
    ...problem === null ? [] : [accent("red", `Edges of other key servers are not known: ${problem}`)],
    await table(
      ["domain", "epoch", "edges", "names"],
      domains.map(({ name, epoch, edges, names }) => [name, String(epoch), String(edges), list(names)]),
    ),
    await table(
      ["edge", "instance", "connected", "reported", "issued", "resumed", "refused", "rate", "others' keys"],
      edges.map(edgeRow),
    ),
    await table(["key", "edge", "domain", "epoch", "state", "age", "acknowledged"], edges.flatMap(keyRows)),
  ];
  return parts.join("\n\n");
}

function edgeRow(edge: TicketEdgeView): string[] {
  const { reportedAt, resumptionRate } = edge;
  const counts = [edge.issued, edge.resumed, edge.refused].map((count) =>
    reportedAt === null ? "-" : String(count)
  );
  return [
    edge.edge,
    edge.instance.slice(0, 8),
    edge.connected ? "yes" : `lost ${moment(edge.since)}`,
    moment(reportedAt),
    ...counts,
    resumptionRate === null ? "-" : `${(100 * resumptionRate).toFixed(1)} %`,
    reportedAt === null ? "-" : String(edge.foreignKeys),
  ];
}

function keyRows({ edge, keys }: TicketEdgeView): string[][] {
  return keys.map(({ name, domain, epoch, state, age, acknowledged, members }) => [
    name.slice(0, 12),
    edge,
    domain,
    String(epoch),
    state === "waiting" ? accent("yellow", state) : state,
    duration(age),
    `${acknowledged} of ${members}`,
  ]);
}

function describeRotation({ domains }: RotatedTicketKeys): string {
  if (domains.length === 0) return "there is no ticket domain";
  return domains.map(({ name, edges }) => `${name}: ${edges} connected edges make new keys`).join("\n");
}

function describeRevocation({ edge, version, domains, ticketsIssued }: RevokedTicketEdge): string {
  const costs = domains.map(({ name, epoch, keysEnded, edges, edgesWithoutReport }) => {
    const unknown = edgesWithoutReport === 0
      ? ""
      : `, and those of ${edgesWithoutReport} that have not reported`;
    return `${name}: epoch ${epoch}; ${keysEnded} keys ended${unknown}; ${edges} edges begin anew`;
  });
  return [
    `${edge} is thrown out, from version ${version} on`,
    ...costs,
    `at most ${ticketsIssued} tickets resume no more`,
  ].join("\n");
}
