import type { Command } from "commander";
import type { EdgeList, EdgeView } from "../../schemas/edges.ts";
import { pathOf } from "../../client/api_client.ts";
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
