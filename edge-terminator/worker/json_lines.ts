import { HoldfastError } from "../../shared/errors.ts";
import { maximumLineLength } from "./control_messages.ts";

/** A line that is no JSON, or has no end. Code `malformed-control-line`. */
export class ControlLineError extends HoldfastError {
  constructor(reason: string, options?: ErrorOptions) {
    super("malformed-control-line", `Cannot read a control message: ${reason}`, options);
  }
}

/**
 * The JSON values of a stream, one a line, until it ends.
 *
 * @throws {ControlLineError} for what is no JSON and for a line over `limit` bytes
 */
export async function* readJsonLines(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  limit = maximumLineLength,
): AsyncGenerator<unknown, void> {
  let rest = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > limit) throw new ControlLineError(`a line is longer than ${limit}`);
    for (const line of lines) yield parseLine(line);
  }
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new ControlLineError(`a line of ${line.length} characters is not JSON`, { cause });
  }
}

const encoder = new TextEncoder();

/** A value as a line. */
export function jsonLine(value: unknown): Uint8Array<ArrayBuffer> {
  return encoder.encode(`${JSON.stringify(value)}\n`);
}
