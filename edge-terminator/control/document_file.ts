/** The last document on the disk: one JSON value a line, its digest at the end, replaced as a whole. */
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { z } from "zod";
import { HoldfastError } from "../../shared/errors.ts";
import { maximumNames } from "../../shared/control_protocol/edge_messages.ts";
import { lineageSchema, versionSchema } from "../../shared/control_protocol/schemas.ts";
import { type TaggedName, taggedNameSchema } from "../../shared/control_protocol/served_name.ts";
import { type ControlDocument, emptyDocument } from "./document.ts";

/** A file that holds no whole document, or cannot be read or written. Code `control-state`. */
export class ControlStateError extends HoldfastError {
  constructor(file: string, reason: string, options?: ErrorOptions) {
    super("control-state", `Cannot use the control state ${file}: ${reason}`, options);
  }
}

const headerSchema = z.strictObject({
  holdfastControl: z.literal(1),
  lineage: lineageSchema,
  version: versionSchema,
  names: z.int().min(0).max(maximumNames),
});

const trailerSchema = z.strictObject({ sha256: z.string() });

/** More than an edge takes from a key server, with what JSON adds. */
const mostBytes = 300 << 20;

/** The empty one when there is no file. Throws {@link ControlStateError} for one that is not as it was written. */
export async function readDocument(file: string): Promise<ControlDocument> {
  const text = await readText(file);
  if (text === undefined) return emptyDocument;
  const end = text.lastIndexOf("\n", text.length - 2) + 1;
  const lines = text.slice(0, end).split("\n").slice(0, -1);
  const trailer = parseLine(file, text.slice(end), trailerSchema);
  if (trailer.sha256 !== digestOf(text.slice(0, end))) {
    throw new ControlStateError(file, "it is damaged: its digest is another");
  }
  const [head = "", ...rest] = lines;
  const { lineage, version, names: count } = parseLine(file, head, headerSchema);
  if (rest.length !== count) throw new ControlStateError(file, `it has ${rest.length} names, not ${count}`);
  const names = new Map<string, TaggedName>();
  for (const line of rest) {
    const name = parseLine(file, line, taggedNameSchema);
    names.set(name.content.name, name);
  }
  return { lineage, version, names };
}

/**
 * Puts a document in the file's place, at once and on the disk when it resolves: after a crash there is the former one or
 * this one. Throws {@link ControlStateError}.
 */
export async function writeDocument(file: string, document: ControlDocument): Promise<void> {
  const temporary = `${file}.new`;
  try {
    {
      using output = await Deno.open(temporary, { write: true, create: true, truncate: true, mode: 0o600 });
      for (const chunk of chunksOf(document)) await writeAll(output, chunk);
      await output.sync();
    }
    await Deno.rename(temporary, file);
    using folder = await Deno.open(dirname(file));
    await folder.sync();
  } catch (cause) {
    throw new ControlStateError(file, cause instanceof Error ? cause.message : "it cannot be written", {
      cause,
    });
  }
}

/** Some hundred kilobytes each, so that other work comes in between. */
function* chunksOf({ lineage, version, names }: ControlDocument): Generator<Uint8Array, void> {
  const hash = createHash("sha256");
  const encoder = new TextEncoder();
  let text = `${JSON.stringify({ holdfastControl: 1, lineage, version, names: names.size })}\n`;
  const take = (): Uint8Array => {
    const bytes = encoder.encode(text);
    text = "";
    hash.update(bytes);
    return bytes;
  };
  for (const name of names.values()) {
    text += `${JSON.stringify(name)}\n`;
    if (text.length > 256 << 10) yield take();
  }
  yield take();
  yield encoder.encode(`${JSON.stringify({ sha256: hash.digest("hex") })}\n`);
}

async function writeAll(output: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await output.write(rest));
}

async function readText(file: string): Promise<string | undefined> {
  try {
    const { size } = await Deno.stat(file);
    if (size > mostBytes) throw new ControlStateError(file, `it has ${size} bytes, over ${mostBytes}`);
    return await Deno.readTextFile(file);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    if (cause instanceof ControlStateError) throw cause;
    throw new ControlStateError(file, "it cannot be read", { cause });
  }
}

function parseLine<T>(file: string, line: string, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(line));
  } catch (cause) {
    throw new ControlStateError(file, "it is damaged: a line is not as it was written", { cause });
  }
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
