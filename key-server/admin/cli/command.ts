import { Command } from "commander";
import { ApiClient } from "../client/api_client.ts";
import { findServer, type PlaceOptions, usualSocket } from "./server_place.ts";
import { print, printJson } from "./terminal.ts";

/** What every command that asks a key server is told. */
export interface CommonOptions extends PlaceOptions {
  readonly json?: boolean;
}

/** Completions of an argument: a fixed list, or something that the key server knows. */
export type Completion =
  | "name"
  | "key"
  | "edge"
  | "certificate"
  | "rotation"
  | "authority"
  | "permission"
  | "ticket-domain"
  | "operation"
  | "purpose"
  | "file";

const completions = new WeakMap<Command, readonly Completion[]>();

/** What the arguments of a command are, in their order; the last one goes for all that follow. */
export function completionsOf(command: Command): readonly Completion[] {
  return completions.get(command) ?? [];
}

/** A command that speaks to a key server, with the options that all of them have. */
export interface ApiCommand {
  /** With its arguments: "show <name>". */
  readonly usage: string;
  readonly summary: string;
  readonly example: string;
  readonly completes?: readonly Completion[];
}

export function apiCommand(
  parent: Command,
  { usage, summary, example, completes = [] }: ApiCommand,
): Command {
  const command = parent.command(usage).description(summary)
    .addHelpText("after", `\nExample:\n  ${example}`)
    .option("--json", "print JSON, for programs");
  completions.set(command, completes);
  return command
    .optionsGroup("Which key server:")
    .option("--socket <path>", `its admin socket (${usualSocket}; HOLDFAST_ADMIN)`)
    .option("--config <file>", "its configuration, which names the socket")
    .option("--server <host:port>", "over mutual TLS, with the three files below")
    .option("--server-name <name>", "the name in its certificate, where it is not the host")
    .option("--identity <file>", "your certificate in PEM (HOLDFAST_ADMIN_IDENTITY)")
    .option("--identity-key <file>", "its private key (HOLDFAST_ADMIN_IDENTITY_KEY)")
    .option("--server-ca <file>", "the authority of the key server's certificate (HOLDFAST_ADMIN_SERVER_CA)")
    .optionsGroup("Options:");
}

/** A group of commands. */
export function commandGroup(parent: Command, name: string, summary: string): Command {
  return parent.command(name).description(summary);
}

export async function openClient(options: PlaceOptions): Promise<ApiClient> {
  return await ApiClient.open(await findServer(options, (name) => Deno.env.get(name)));
}

/** Asks, and shows the answer: as it came with --json, else as `show` writes it. */
export async function showAnswer<Answer>(
  options: CommonOptions,
  ask: (client: ApiClient) => Promise<Answer>,
  show: (answer: Answer) => string | Promise<string>,
): Promise<void> {
  const client = await openClient(options);
  const answer = await ask(client);
  if (options.json) printJson(answer);
  else print(await show(answer));
}
