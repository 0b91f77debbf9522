import type { Command } from "commander";
import type { Status } from "../../schemas/status.ts";
import { apiCommand, type CommonOptions, showAnswer } from "../command.ts";
import { accent, fields } from "../terminal.ts";
import { day } from "../texts.ts";

export function addStatusCommand(program: Command): void {
  apiCommand(program, {
    usage: "status",
    summary: "Everything at a glance: keys, edges, rotations, what ends soon.",
    example: "holdfast status",
  }).action((options: CommonOptions) =>
    showAnswer(options, (client) => client.get<Status>("/v1/status"), describe)
  );
}

function describe(status: Status): string {
  const { keys, edges, registry } = status;
  const health = status.healthy
    ? accent("green", "healthy")
    : accent("red", "not healthy") + status.problems.map((problem) => `\n- ${problem}`).join("");
  return fields([
    ["state", health],
    ["up since", status.startedAt],
    ["registry", `version ${registry.version}${registry.writable ? "" : ", read-only: a replica"}`],
    ["tokens", status.tokens.map(describeToken).join("\n")],
    ["names", String(status.names)],
    ["keys", `${keys.active} active, ${keys.retired} retired, ${keys.destroyed} destroyed`],
    ["edges", describeEdges(edges, registry.version)],
    [
      "rotations",
      status.rotations.map(({ name, step }) => `${name}: ${step}`).join("\n") || "none under way",
    ],
    ["ending soon", status.expiring.map(describeExpiring).join("\n") || "no certificate within 30 days"],
  ]);
}

function describeEdges(
  { admitted, revoked, connected, lowestVersion, behind }: Status["edges"],
  version: number,
): string {
  const known = `${admitted} admitted, ${revoked} revoked, ${connected} connected`;
  if (lowestVersion === null) return known;
  if (behind.length === 0) return `${known}, all at version ${version}`;
  return `${known}; behind:` +
    behind.map(({ identity, acknowledgedVersion }) => `\n- ${identity} at version ${acknowledgedVersion}`)
      .join("");
}

function describeToken({ label, keys, problem }: Status["tokens"][number]): string {
  return problem === null ? `${label}, ${keys} keys open` : accent("red", `${label}: ${problem}`);
}

function describeExpiring({ uses, key, notAfter, daysLeft }: Status["expiring"][number]): string {
  const names = uses.map(({ name }) => name).join(", ");
  const text = `${names}, ${key ?? "a key of nobody's"}: ${day(notAfter)} (${
    daysLeft < 0 ? "over" : `${daysLeft} days`
  })`;
  return accent(daysLeft < 7 ? "red" : "yellow", text);
}
