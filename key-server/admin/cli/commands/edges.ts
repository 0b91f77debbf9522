import type { Command } from "commander";
import type { EdgeList, EdgeView } from "../../schemas/edges.ts";
import { pathOf } from "../../client/api_client.ts";
import { confirm } from "../confirm.ts";
import { addPermissionCommands } from "./edge_permissions.ts";
import { addTokenCommands } from "./edge_tokens.ts";
import { apiCommand, commandGroup, type CommonOptions, showAnswer } from "../command.ts";
import { accent, fields, table } from "../terminal.ts";
import { list, moment } from "../texts.ts";

export function addEdgeCommands(program: Command): void {
  const edges = commandGroup(program, "edges", "Edge terminators: who they are, how far they have come.");
  apiCommand(edges, {
    usage: "list",
    summary: "All edges, connected or not, and the version that each serves by.",
    example: "holdfast edges list",
  }).action((options: CommonOptions) =>
    showAnswer(options, (client) => client.get<EdgeList>("/v1/edges"), describeAll)
  );
  apiCommand(edges, {
    usage: "show <edge>",
    summary: "One edge.",
    example: "holdfast edges show spiffe://holdfast.test/edge/pop1",
    completes: ["edge"],
  }).action((edge: string, options: CommonOptions) =>
    showAnswer(options, (client) => client.get<EdgeView>(pathOf`/v1/edges/${edge}`), describe)
  );
  addStateCommands(edges);
  addTokenCommands(edges);
  addPermissionCommands(edges);
}

interface StateOptions extends CommonOptions {
  readonly reason?: string;
  readonly yes?: boolean;
}

function addStateCommands(edges: Command): void {
  apiCommand(edges, {
    usage: "revoke <edge>",
    summary: "Cut an edge off at once: its connections, its requests, its certificate.",
    example: 'holdfast edges revoke spiffe://holdfast.test/edge/pop1 --reason "host was broken into"',
    completes: ["edge"],
  })
    .option("--reason <text>", "why, for those who come after")
    .option("--yes", "do not ask")
    .action(async (edge: string, { reason, yes, ...options }: StateOptions) => {
      await confirm(`Cut off the edge ${edge}? It can serve no new handshake.`, yes);
      const path = pathOf`/v1/edges/${edge}/revoke`;
      await showAnswer(options, (client) => client.post<EdgeView>(path, { reason }), describe);
    });
  apiCommand(edges, {
    usage: "readmit <edge>",
    summary: "Take a revocation back. Its certificates from before stay refused: it enrols anew.",
    example: "holdfast edges readmit spiffe://holdfast.test/edge/pop1",
    completes: ["edge"],
  })
    .option("--reason <text>", "why, for those who come after")
    .action((edge: string, { reason, ...options }: StateOptions) => {
      const path = pathOf`/v1/edges/${edge}/readmit`;
      return showAnswer(options, (client) => client.post<EdgeView>(path, { reason }), describe);
    });
  apiCommand(edges, {
    usage: "groups <edge> [groups...]",
    summary: "Set the groups that an edge is in; none given: none.",
    example: "holdfast edges groups spiffe://holdfast.test/edge/pop1 europe canary",
    completes: ["edge"],
  }).action((edge: string, groups: readonly string[], options: CommonOptions) => {
    const path = pathOf`/v1/edges/${edge}/groups`;
    return showAnswer(options, (client) => client.put<EdgeView>(path, { groups }), describe);
  });
}

function describeAll({ edges }: EdgeList): Promise<string> {
  const rows = edges.map((edge) => [
    edge.identity,
    stateOf(edge),
    edge.connected ? "yes" : "no",
    edge.acknowledgedVersion === null ? "-" : String(edge.acknowledgedVersion),
    list(edge.groups),
    edge.software ?? "-",
  ]);
  return table(["edge", "state", "connected", "version", "groups", "software"], rows);
}

function stateOf({ state }: EdgeView): string {
  return state === "revoked" ? accent("red", state) : state;
}

function describe(edge: EdgeView): string {
  return fields([
    ["edge", edge.identity],
    ["state", edge.stateSince === null ? stateOf(edge) : `${stateOf(edge)} since ${moment(edge.stateSince)}`],
    ...edge.reason === null ? [] : [["reason", edge.reason] as const],
    ...edge.certificatesNotBefore === null
      ? []
      : [["certificates", `refused from before ${moment(edge.certificatesNotBefore)}`] as const],
    ["groups", list(edge.groups)],
    ["permissions", list(edge.permissions, "none: it may do nothing")],
    ["connected", edge.connected ? `since ${moment(edge.since)}` : `no (last seen ${moment(edge.since)})`],
    ["version", edge.acknowledgedVersion === null ? "-" : String(edge.acknowledgedVersion)],
    ["software", edge.software ?? "-"],
    ...Object.entries(edge.problems).map(([name, problem]) => ["problem", `${name}: ${problem}`] as const),
  ]);
}
