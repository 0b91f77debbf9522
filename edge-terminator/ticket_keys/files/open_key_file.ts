import { TicketKeyFileError } from "../errors.ts";

/** No key file of either format is longer. */
const mostBytes = 64 * 1024;

/** A key file that is open, and fit to hold secrets. Reads go straight into the caller's (locked) memory. */
export interface KeyFile extends Disposable {
  readonly path: string;
  readonly size: number;
  /** Milliseconds of the Unix epoch. */
  readonly modifiedAt: number;
  /** Fills `buffer` as far as the file goes; says how far. */
  read(buffer: Uint8Array): number;
}

/**
 * Opens a key file. Throws {@link TicketKeyFileError} when there is none, it is no file, or others than its owner and
 * group may do anything with it.
 */
export function openKeyFile(path: string): KeyFile {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path, { read: true });
  } catch (cause) {
    const reason = cause instanceof Deno.errors.NotFound ? "there is no such file" : "it cannot be read";
    throw new TicketKeyFileError(path, reason, { cause });
  }
  try {
    const { isFile, mode, size, mtime } = file.statSync();
    if (!isFile) throw new TicketKeyFileError(path, "it is not a file");
    if (mode !== null && (mode & 0o007) !== 0) {
      const shown = (mode & 0o777).toString(8).padStart(4, "0");
      throw new TicketKeyFileError(
        path,
        `it has mode ${shown}, open to every user; make it 0600 (chmod 600)`,
      );
    }
    if (size > mostBytes) {
      throw new TicketKeyFileError(path, `it has ${size} bytes; expected ${mostBytes} at most`);
    }
    return {
      path,
      size,
      modifiedAt: mtime?.getTime() ?? 0,
      read: (buffer) => readFully(file, buffer),
      [Symbol.dispose]: () => file.close(),
    };
  } catch (error) {
    file.close();
    throw error;
  }
}

function readFully(file: Deno.FsFile, buffer: Uint8Array): number {
  let length = 0;
  while (length < buffer.length) {
    const read = file.readSync(buffer.subarray(length));
    if (read === null) break;
    length += read;
  }
  return length;
}
