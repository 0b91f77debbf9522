import { type Logger, pino, stdSerializers, stdTimeFunctions } from "pino";

export type { Logger };

/** Levels a configuration may name; `silent` logs nothing. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "silent";

/** Names whose values never reach the log, wherever they stand in a record. */
const secretNames: ReadonlySet<string> = new Set([
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
]);

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
      log: (record) => withoutSecrets(record, 0) as Record<string, unknown>,
    },
    serializers: { err: (error: Error) => withoutSecrets(stdSerializers.err(error), 0) },
  }, { write });
}

/**
 * Bytes become their length; errors keep their own serializer; deeper than any record of ours is cut off. One walk does
 * it all: pino's own redaction copies each record once more, path by path, for 60 us of CPU a handshake.
 */
function withoutSecrets(value: unknown, depth: number): unknown {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null || value instanceof Error || value instanceof Date) {
    return value;
  }
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (depth > 5) return "[deeper]";
  if (Array.isArray(value)) return value.map((element) => withoutSecrets(element, depth + 1));
  const record: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(value)) {
    record[name] = secretNames.has(name) ? "[redacted]" : withoutSecrets(inner, depth + 1);
  }
  return record;
}

const encoder = new TextEncoder();

/** Synchronous, so that the last record before a crash is not lost; a write may take a part only. */
function writeToStderr(line: string): void {
  let rest = encoder.encode(line);
  while (rest.length > 0) rest = rest.subarray(Deno.stderr.writeSync(rest));
}
