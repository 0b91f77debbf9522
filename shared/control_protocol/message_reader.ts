import type { z } from "zod";
import { ControlProtocolError } from "./errors.ts";
import { FrameReader } from "./frame.ts";

/** Cuts a byte stream into messages of one side, each checked. */
export class MessageReader<Schema extends z.ZodType> {
  readonly #frames = new FrameReader();
  readonly #schema: Schema;

  constructor(schema: Schema) {
    this.#schema = schema;
  }

  /** The messages that are whole with these bytes. Throws ControlProtocolError, after those that were right. */
  *push(chunk: Uint8Array): Generator<z.output<Schema>, void> {
    this.#frames.push(chunk);
    for (let value = this.#frames.next(); value !== undefined; value = this.#frames.next()) {
      const { data, error } = this.#schema.safeParse(value);
      if (error !== undefined) throw malformed(error);
      yield data!;
    }
  }

  /** True between messages: a stream that ends here was not cut short. */
  get atMessageBoundary(): boolean {
    return this.#frames.atFrameBoundary;
  }
}

function malformed(cause: z.ZodError): ControlProtocolError {
  const at = cause.issues[0]?.path.join(".") ?? "";
  return new ControlProtocolError(`Cannot use a message: it is malformed${at === "" ? "" : ` at ${at}`}`, {
    cause,
  });
}
