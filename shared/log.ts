import { type Logger, pino, stdTimeFunctions } from "pino";

export type { Logger };

/** Levels a configuration may name; `silent` logs nothing. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "silent";

/** Names whose values never reach the log, at the top of a record or up to two tables deep. */
const secretNames = [
  "pin",
  "soPin",
  "password",
  "passphrase",
  "secret",
  "privateKey",
  "private_key",
  "ticketKey",
  "masterSecret",
  "premaster",
  "trafficSecret",
  "authorization",
  "cookie",
];

/**
 * A logger that writes one JSON record a line to stderr (or to `write`), with `component` in each. Values under a
 * secret's name are redacted, and bytes are told by their length: a stray buffer in a record stays unseen.
 *
 * Needs `--allow-env=NODE_V8_COVERAGE --allow-sys=hostname`, which pino reads as it loads; it logs neither.
 */
export function createLogger(
  component: string,
  level: LogLevel,
  write: (line: string) => void = writeToStderr,
): Logger {
  return pino({
    level,
    base: { component, pid: Deno.pid },
    timestamp: stdTimeFunctions.isoTime,
    formatters: {
      level: (label) => ({ level: label }),
      log: (record) => withoutBytes(record, 0) as Record<string, unknown>,
    },
    redact: {
      paths: secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
      censor: "[redacted]",
    },
  }, { write });
}

/** Bytes become their length; errors keep their own serializer; deeper than any record of ours is cut off. */
function withoutBytes(value: unknown, depth: number): unknown {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null || value instanceof Error || value instanceof Date) {
    return value;
  }
  if (depth > 5) return "[deeper]";
  if (Array.isArray(value)) return value.map((element) => withoutBytes(element, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, withoutBytes(inner, depth + 1)]),
  );
}

const encoder = new TextEncoder();

/** Synchronous, so that the last record before a crash is not lost; a write may take a part only. */
function writeToStderr(line: string): void {
  let rest = encoder.encode(line);
  while (rest.length > 0) rest = rest.subarray(Deno.stderr.writeSync(rest));
}
