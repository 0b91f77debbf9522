import { Command, CommanderError } from "commander";
import { HoldfastError } from "../errors.ts";

/** What every Holdfast process is started with. */
export interface ProcessArguments {
  /** The configuration file, as given. */
  readonly config: string;
  /** Validate the configuration and exit. */
  readonly check: boolean;
}

/** A command line that cannot be used. Code `usage`; the process exits with 2. Never carries an option's value. */
export class UsageError extends HoldfastError {
  readonly exitCode = 2;

  constructor(message: string) {
    super("usage", message);
  }
}

/** Help was asked for: `text` belongs on stdout and the process exits with 0. */
export class HelpRequested extends Error {
  constructor(readonly text: string) {
    super("help requested");
    this.name = "HelpRequested";
  }
}

const secretOptions = /^--?(pin|so-pin|password|passphrase|secret|private-key|key)\b/i;

/**
 * Parses `--config FILE [--check] [--help]`. Throws {@link UsageError} for anything else, secrets on the command
 * line first of all, and {@link HelpRequested} for `--help`.
 */
export function parseProcessArguments(
  name: string,
  description: string,
  argv: readonly string[],
): ProcessArguments {
  refuseSecrets(argv);
  let help = "";
  const command = new Command(name)
    .description(description)
    .requiredOption(
      "--config <file>",
      "TOML configuration file; relative paths in it are relative to its folder",
    )
    .option("--check", "validate the configuration and exit", false)
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => help += text,
      writeErr: () => {},
      // Without these commander asks the environment, which these processes may not read.
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
    });
  try {
    command.parse(argv, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.helpDisplayed") throw new HelpRequested(help);
    throw new UsageError(`Cannot start ${name}: ${withoutValue(error.message)} (--help lists the options)`);
  }
  return command.opts<ProcessArguments>();
}

/** {@link parseProcessArguments} for a `main.ts`: prints what is wrong, or the help, and exits. */
export function processArgumentsOrExit(name: string, description: string): ProcessArguments {
  try {
    return parseProcessArguments(name, description, Deno.args);
  } catch (error) {
    if (error instanceof HelpRequested) {
      write(Deno.stdout, error.text);
      Deno.exit(0);
    }
    if (!(error instanceof UsageError)) throw error;
    write(Deno.stderr, `${error.message}\n`);
    Deno.exit(error.exitCode);
  }
}

/** Throws UsageError for an option that is called as a secret is: everybody on the machine can read a command line. */
export function refuseSecrets(argv: readonly string[]): void {
  const option = argv.map((argument) => secretOptions.exec(argument)?.[0]).find((found) =>
    found !== undefined
  );
  if (option === undefined) return;
  throw new UsageError(
    `Cannot accept ${option}: every user of this machine can read a command line. ` +
      "Name the secret's source in the configuration: file:PATH, env:NAME or credential:NAME",
  );
}

/** Commander quotes a refused option whole; what follows its `=` may be a secret. */
function withoutValue(message: string): string {
  return message.replace(/^error: /, "").replace(/(--?[\w-]+)=[^']*/g, "$1").replace(/\n.*$/s, "");
}

function write(stream: typeof Deno.stdout | typeof Deno.stderr, text: string): void {
  stream.writeSync(new TextEncoder().encode(text));
}
