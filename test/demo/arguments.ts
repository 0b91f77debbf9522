import { Command, InvalidArgumentError } from "commander";

export interface DemoArguments {
  /** Check everything, print it, and end. */
  readonly once: boolean;
  /** The edge's port; a free one unless given. */
  readonly edgePort?: number;
  /** Where to keep token, PKI and configurations; a temporary folder, removed at the end, unless given. */
  readonly state?: string;
}

/** Parses the demo's command line; prints help or the mistake and exits by itself, as commander does. */
export function parseDemoArguments(argv: readonly string[]): DemoArguments {
  return new Command("holdfast demo")
    .description(
      "A keyless TLS handshake on this machine: makes a token and a development PKI, starts a key server, an edge " +
        "and a backend, fetches a page through them, and shows who holds what.",
    )
    .option("--once", "check, print, and exit 0 (or 1) instead of staying up until Ctrl-C", false)
    .option("--edge-port <port>", "the edge's port (default: a free one)", port)
    .option("--state <folder>", "keep token, PKI and configurations there (default: a temporary folder)")
    .allowExcessArguments(false)
    .exitOverride(({ exitCode }) => Deno.exit(exitCode === 0 ? 0 : 2))
    .parse(argv, { from: "user" })
    .opts<DemoArguments>();
}

function port(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 65535) return value;
  throw new InvalidArgumentError("expected a port from 1 to 65535.");
}
