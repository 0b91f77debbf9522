import { HoldfastError } from "../errors.ts";

/** One thing that is wrong with a configuration. No field ever carries a configured value. */
export interface ConfigProblem {
  /** Line of the key in the file, from 1; absent when the key itself is. */
  readonly line?: number;
  /** Dotted key, as in `site[0].backend`; empty for the document itself. */
  readonly key: string;
  /** What is wrong, with the value's shape and what was expected. */
  readonly text: string;
}

/** A configuration that cannot be used, with every problem found in it. Code `invalid-config`. */
export class ConfigError extends HoldfastError {
  readonly file: string;
  readonly problems: readonly ConfigProblem[];

  constructor(file: string, problems: readonly ConfigProblem[], options?: ErrorOptions) {
    super("invalid-config", `Cannot load ${file}: ${describe(file, problems)}`, options);
    this.file = file;
    this.problems = problems;
  }
}

function describe(file: string, problems: readonly ConfigProblem[]): string {
  const lines = problems.map(({ line, key, text }) => {
    const place = line === undefined ? file : `${file}:${line}`;
    return `${place}: ${key === "" ? "" : `${key} `}${text}`;
  });
  const [only] = lines;
  if (lines.length === 1 && only !== undefined) {
    return only.slice(file.length + 1).replace(/^(\d+):/, "line $1:").trim();
  }
  return `${lines.length} problems\n${lines.map((line) => `  ${line}`).join("\n")}`;
}
