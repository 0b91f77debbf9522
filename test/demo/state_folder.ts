import { resolve } from "node:path";
import { HoldfastError } from "../../shared/errors.ts";
import { TemporaryFolder } from "../harness/temporary_folder.ts";

const marker = "made-by-holdfast-demo";

/** The folder of one run of the demo. */
export interface StateFolder extends AsyncDisposable {
  readonly path: string;
}

/** A folder that cannot be used for the demo's state. Code `state-folder`. */
export class StateFolderError extends HoldfastError {
  constructor(path: string, reason: string) {
    super("state-folder", `Cannot keep the demo's state in ${path}: ${reason}`);
  }
}

/**
 * A temporary folder, removed on disposal; or the one at `path`, which stays. That one must be absent, empty, or an
 * earlier demo's, whose content is replaced: tokens and certificates are made anew on every run.
 */
export async function openStateFolder(path: string | undefined): Promise<StateFolder> {
  if (path === undefined) return await TemporaryFolder.create("holdfast-demo-");
  const folder = resolve(path);
  const names = await namesIn(folder);
  if (names.length > 0 && !names.includes(marker)) {
    throw new StateFolderError(folder, "it is not empty, and nothing in it says that a demo made it");
  }
  const held = await holdFolder(folder);
  for (const name of names) {
    // The marker stays: a demo that is ended right here must not leave a folder that the next one refuses.
    if (name !== marker) await Deno.remove(`${folder}/${name}`, { recursive: true });
  }
  return {
    path: folder,
    [Symbol.asyncDispose]() {
      held.close();
      return Promise.resolve();
    },
  };
}

/** Makes the folder and its marker; the marker stays locked until it is closed, whatever ends this process. */
async function holdFolder(folder: string): Promise<Deno.FsFile> {
  let file: Deno.FsFile;
  try {
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    await Deno.chmod(folder, 0o700);
    file = await Deno.open(`${folder}/${marker}`, { create: true, write: true });
  } catch (error) {
    throw new StateFolderError(folder, (error as Error).message);
  }
  if (!await file.tryLock(true)) {
    file.close();
    throw new StateFolderError(folder, "a demo that is running has its state there");
  }
  await file.write(new TextEncoder().encode("Everything here is replaced by the next demo.\n"));
  return file;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    if (error instanceof Deno.errors.NotADirectory) throw new StateFolderError(folder, "it is not a folder");
    throw error;
  }
}
