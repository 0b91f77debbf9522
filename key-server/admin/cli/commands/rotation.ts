import type { Command } from "commander";
import type { RotationList, RotationView } from "../../schemas/rotations.ts";
import { type ApiClient, pathOf } from "../../client/api_client.ts";
import { apiCommand, commandGroup, type CommonOptions, openClient, showAnswer } from "../command.ts";
import { confirm } from "../confirm.ts";
import { CliError } from "../errors.ts";
import { describeRotation, stepTexts } from "../rotation_texts.ts";
import { print, printJson, table } from "../terminal.ts";
import { list, moment } from "../texts.ts";
import { watchRotation } from "../watch_rotation.ts";

interface RotationOptions extends CommonOptions {
  readonly watch?: boolean;
  readonly yes?: boolean;
}

export function addRotationCommands(program: Command): void {
  const rotation = commandGroup(program, "rotation", "Rotations that are under way, and those that were.");
  apiCommand(rotation, {
    usage: "status [name]",
    summary: "All rotations, or the last one of a name (or by its id).",
    example: "holdfast rotation status www.holdfast.test --watch",
    completes: ["rotation"],
  })
    .option("--watch", "stay until its end, and show how edges take it up")
    .action(status);
  apiCommand(rotation, {
    usage: "abort <name>",
    summary: "Before the switch: take the new key and certificate away again.",
    example: "holdfast rotation abort www.holdfast.test",
    completes: ["rotation"],
  })
    .option("--yes", "do not ask")
    .action((name: string, options: RotationOptions) =>
      change(name, options, "abort", `Abort the rotation of ${name}? Its new key will be destroyed.`)
    );
  apiCommand(rotation, {
    usage: "rollback <name>",
    summary: "After the switch, until the old key is destroyed: serve the old certificate again.",
    example: "holdfast rotation rollback www.holdfast.test",
    completes: ["rotation"],
  })
    .option("--yes", "do not ask")
    .option("--watch", "stay until its end, and show how edges take it up")
    .action((name: string, options: RotationOptions) =>
      change(
        name,
        options,
        "rollback",
        `Serve the old certificate of ${name} again, and destroy the new key?`,
      )
    );
}

async function status(name: string | undefined, options: RotationOptions): Promise<void> {
  if (name === undefined) {
    return await showAnswer(options, (client) => client.get<RotationList>("/v1/rotations"), describeAll);
  }
  const client = await openClient(options);
  const rotation = await findRotation(client, name);
  if (options.watch) return await watchRotation(client, rotation, options.json ?? false);
  if (options.json) printJson(rotation);
  else print(describeRotation(rotation));
}

async function change(
  name: string,
  options: RotationOptions,
  how: "abort" | "rollback",
  question: string,
): Promise<void> {
  const client = await openClient(options);
  const { id } = await findRotation(client, name);
  await confirm(question, options.yes);
  const path = how === "abort" ? pathOf`/v1/rotations/${id}/abort` : pathOf`/v1/rotations/${id}/rollback`;
  const rotation = await client.post<RotationView>(path);
  if (options.watch) return await watchRotation(client, rotation, options.json ?? false);
  if (options.json) printJson(rotation);
  else print(describeRotation(rotation));
}

/** By its id, or the newest of a name; one under way before those that have ended. */
async function findRotation(client: ApiClient, wanted: string): Promise<RotationView> {
  if (/^[0-9a-f]{16}$/.test(wanted)) return await client.get<RotationView>(pathOf`/v1/rotations/${wanted}`);
  const { rotations } = await client.get<RotationList>("/v1/rotations");
  const found = rotations.find(({ name }) => name === wanted);
  if (found !== undefined) return found;
  throw new CliError("not-found", `Cannot find a rotation: ${wanted} has had none`, "notFound");
}

function describeAll({ rotations }: RotationList): Promise<string> {
  const rows = rotations.map((rotation) => [
    rotation.id,
    rotation.name,
    stepTexts[rotation.step],
    rotation.algorithm,
    moment(rotation.stepSince),
    list(rotation.behind.map(({ edge }) => edge)),
  ]);
  return table(["rotation", "name", "step", "to", "since", "waits for"], rows);
}
