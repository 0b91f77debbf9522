import { join } from "node:path";
import type { Logger } from "../../shared/log.ts";
import { instanceSchema } from "../../shared/control_protocol/schemas.ts";
import { type ControlDocument, emptyDocument } from "./document.ts";
import { ControlStateError, readDocument, writeDocument } from "./document_file.ts";

/** The folder that an edge keeps its last document in, and which installation it is. */
export class StateFolder {
  readonly path: string;
  /** 32 hexadecimal digits: the same over restarts. */
  readonly instance: string;

  private constructor(path: string, instance: string) {
    this.path = path;
    this.instance = instance;
  }

  /** Makes what is missing. Throws {@link ControlStateError}. */
  static async open(path: string): Promise<StateFolder> {
    try {
      await Deno.mkdir(path, { recursive: true, mode: 0o700 });
      return new StateFolder(path, await instanceIn(join(path, "instance")));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : "it cannot be written";
      throw new ControlStateError(path, reason, { cause });
    }
  }

  /** What was written last; a file that is damaged is told and taken for none: the key servers will send it anew. */
  async read(log: Pick<Logger, "error">): Promise<ControlDocument> {
    try {
      return await readDocument(documentFile(this.path));
    } catch (error) {
      if (!(error instanceof ControlStateError)) throw error;
      const words = "the last certificates are not at hand; they have to come from a key server";
      log.error({ event: "control-state-unusable", reason: error.message }, words);
      return emptyDocument;
    }
  }

  /** Throws {@link ControlStateError}. */
  write(document: ControlDocument): Promise<void> {
    return writeDocument(documentFile(this.path), document);
  }
}

/** Where the document is, in a state folder. */
export function documentFile(folder: string): string {
  return join(folder, "certificates.jsonl");
}

/** A file that is not as it was written is written anew: to key servers this is another installation then. */
async function instanceIn(file: string): Promise<string> {
  const known = instanceSchema.safeParse((await Deno.readTextFile(file).catch(() => "")).trim());
  if (known.success) return known.data;
  const instance = crypto.getRandomValues(new Uint8Array(16)).toHex();
  await Deno.writeTextFile(`${file}.new`, `${instance}\n`, { mode: 0o600 });
  await Deno.rename(`${file}.new`, file);
  return instance;
}
