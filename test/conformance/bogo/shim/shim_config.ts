import { credentialFlags, flagKind, type FlagName, type FlagValues } from "./flags.ts";

/** One certificate with its key and what goes with it. */
export type CredentialConfig = Pick<
  FlagValues,
  "cert-file" | "key-file" | "must-match-issuer" | "ocsp-response" | "signing-prefs"
>;

/** What the flags say about one connection. */
export interface ConnectionConfig {
  readonly flags: FlagValues;
  /** The credential of the flags before any `-new-x509-credential`; without a certificate when there is none. */
  readonly defaultCredential: CredentialConfig;
  /** In order; they come before the default one. */
  readonly credentials: readonly CredentialConfig[];
}

/** The flags of one run of the shim: the first connection's and those of the ones after it. */
export interface ShimConfig {
  readonly initial: ConnectionConfig;
  readonly resume: ConnectionConfig;
}

/** A flag that this shim does not have: the runner is told that the test is not implemented. */
export class UnknownFlagError extends Error {
  constructor(readonly flag: string) {
    super(`Cannot run the test: the flag ${flag} is not implemented`);
  }
}

/** The connections that a flag can be for. "retry" is a client's second try after its 0-RTT data was refused. */
type Target = "initial" | "resume" | "retry";

const prefixes: readonly (readonly [string, readonly Target[]])[] = [
  ["on-initial-", ["initial"]],
  ["on-resume-", ["resume"]],
  ["on-retry-", ["retry"]],
];

/** Reads the runner's command line; throws {@link UnknownFlagError}, and TypeError for a value that is none. */
export function parseFlags(args: readonly string[]): ShimConfig {
  const builders = { initial: new ConfigBuilder(), resume: new ConfigBuilder(), retry: new ConfigBuilder() };
  for (let at = 0; at < args.length; at++) {
    const argument = args[at]!;
    const { name, targets } = withoutPrefix(argument);
    const kind = flagKind(name);
    if (kind === undefined) throw new UnknownFlagError(argument);
    if (kind.takesValue) at++;
    const text = kind.takesValue ? args[at] : "";
    if (text === undefined) throw new TypeError(`Cannot read ${argument}: its value is missing`);
    for (const target of targets) {
      builders[target].set(name as FlagName, (before) => readValue(argument, text, before, kind.read));
    }
  }
  return { initial: builders.initial.finish(), resume: builders.resume.finish() };
}

function withoutPrefix(argument: string): { name: string; targets: readonly Target[] } {
  if (!argument.startsWith("-")) throw new UnknownFlagError(argument);
  const name = argument.slice(1);
  for (const [prefix, targets] of prefixes) {
    if (name.startsWith(prefix)) return { name: name.slice(prefix.length), targets };
  }
  return { name, targets: ["initial", "resume", "retry"] };
}

function readValue(
  argument: string,
  text: string,
  before: unknown,
  read: (text: string, before: unknown) => unknown,
): unknown {
  try {
    return read(text, before);
  } catch (cause) {
    throw new TypeError(`Cannot read ${argument}: its value is not of its kind`, { cause });
  }
}

class ConfigBuilder {
  readonly #flags: Record<string, unknown> = {};
  readonly #default: Record<string, unknown> = {};
  readonly #credentials: Record<string, unknown>[] = [];

  set(name: FlagName, next: (before: unknown) => unknown): void {
    if (name === "new-x509-credential") {
      this.#credentials.push({});
      return;
    }
    const target = credentialFlags.has(name) ? this.#credentials.at(-1) ?? this.#default : this.#flags;
    target[name] = next(target[name]);
  }

  finish(): ConnectionConfig {
    return { flags: this.#flags, defaultCredential: this.#default, credentials: this.#credentials };
  }
}
