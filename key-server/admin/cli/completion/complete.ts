import type { Command, Option } from "commander";
import { HoldfastError } from "../../../../shared/errors.ts";
import { type Completion, completionsOf, openClient } from "../command.ts";
import type { PlaceOptions } from "../server_place.ts";
import { algorithmNames } from "../values.ts";
import { type Candidate, fixedWords, knownIds } from "./known_ids.ts";

/** The shell's own completion of files is wanted. */
export const files = ":files";

/** Milliseconds that somebody who pressed the tab key waits for the key server. */
const patience = 1500;

/** Commands of the front door that are not of the admin CLI. */
const otherCommands: readonly Candidate[] = [
  { word: "demo", about: "a keyless handshake on this machine" },
  { word: "key-server", about: "the key server" },
  { word: "edge", about: "the edge" },
  { word: "doctor", about: "what protects secrets on this machine" },
  { word: "test", about: "every test" },
  { word: "task", about: "a task of deno.json" },
  { word: "setup", about: "install what every command needs" },
];

/** Where on a command line the cursor is. */
interface Position {
  readonly command: Command;
  /** How many arguments of the command come before. */
  readonly argumentIndex: number;
  /** The option whose value is being written. */
  readonly option: Option | undefined;
  /** The values of options so far, by their attribute names. */
  readonly options: Readonly<Record<string, string>>;
}

/** Candidates for the last of `words`, or `files`; never throws for what the key server says. */
export async function complete(
  program: Command,
  words: readonly string[],
): Promise<readonly Candidate[] | typeof files> {
  const current = words.at(-1) ?? "";
  const position = positionIn(program, words.slice(0, -1));
  const { command, option, argumentIndex, options } = position;
  if (option !== undefined) return await valuesOf(option, current, options);
  if (current.startsWith("-")) return matching(optionsOf(command), current);
  if (command.commands.length > 0) {
    if (argumentIndex > 0) return []; // no such command
    const own = command.commands.filter((each) => !each.name().startsWith("__"))
      .map((each) => ({ word: each.name(), about: firstSentence(each.description()) }));
    return matching(command === program ? [...own, ...otherCommands] : own, current);
  }
  const kinds = completionsOf(command);
  const kind = kinds[argumentIndex];
  return kind === undefined ? [] : await wordsOf(kind, current, options);
}

function positionIn(program: Command, words: readonly string[]): Position {
  let command = program;
  let argumentIndex = 0;
  const options: Record<string, string> = {};
  let option: Option | undefined;
  for (const word of words) {
    if (option !== undefined) {
      options[option.attributeName()] = word;
      option = undefined;
    } else if (word.startsWith("-")) {
      const [flag = "", value] = word.split(/=(.*)/s);
      const found = command.options.find((each) => each.long === flag || each.short === flag);
      if (found?.required && value === undefined) option = found;
      if (found?.required && value !== undefined) options[found.attributeName()] = value;
    } else {
      const next = command.commands.find((each) => each.name() === word);
      if (next === undefined) argumentIndex++;
      else command = next;
    }
  }
  return { command, argumentIndex, option, options };
}

function optionsOf(command: Command): Candidate[] {
  const help = { word: "--help", about: "what it does, with an example" };
  return [
    ...command.options.map(({ long, description }) => ({ word: long ?? "", about: description })),
    help,
  ];
}

/** By what an option's value is called in its help. */
const kindOfValue: Readonly<Record<string, Completion>> = {
  "--for-key": "key",
  "--keys": "key",
  "--add-keys": "key",
  "--remove-keys": "key",
  "--replaces": "key",
  "--operations": "operation",
  "--purposes": "operation",
  "--domain": "ticket-domain",
};

async function valuesOf(
  option: Option,
  current: string,
  options: PlaceOptions,
): Promise<readonly Candidate[] | typeof files> {
  if (option.argChoices !== undefined) return matching(option.argChoices.map(bare), current);
  if (/<(file|path)>/.test(option.flags)) return files;
  if (/<algorithm>/.test(option.flags)) return matching(algorithmNames.map(bare), current);
  const kind = kindOfValue[option.long ?? ""];
  if (kind === undefined) return [];
  // Of a list with commas the last one is being written.
  const before = current.slice(0, current.lastIndexOf(",") + 1);
  const words = await wordsOf(kind, current.slice(before.length), options);
  return words === files ? files : words.map(({ word, about }) => ({ word: before + word, about }));
}

async function wordsOf(
  kind: Completion,
  current: string,
  options: PlaceOptions,
): Promise<readonly Candidate[] | typeof files> {
  if (kind === "file") return files;
  const fixed = fixedWords[kind];
  if (fixed !== undefined) return matching(fixed, current);
  try {
    const client = await openClient(options);
    return matching(await knownIds[kind]!(client, AbortSignal.timeout(patience)), current);
  } catch (error) {
    if (error instanceof HoldfastError) return [];
    throw error;
  }
}

function bare(word: string): Candidate {
  return { word, about: "" };
}

function matching(candidates: readonly Candidate[], current: string): Candidate[] {
  return candidates.filter(({ word }) => word.startsWith(current));
}

function firstSentence(text: string): string {
  return text.split(/[.:;](?:\s|$)/)[0] ?? "";
}
