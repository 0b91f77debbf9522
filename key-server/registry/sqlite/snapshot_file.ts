import { dirname } from "node:path";
import { RegistryFileError } from "./file_error.ts";

/** Writes a database's bytes into a new file, mode 0600, whole or not at all. Throws RegistryFileError. */
export async function writeSnapshot(file: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${file}.${crypto.randomUUID()}.new`;
  try {
    using target = await Deno.open(temporary, { write: true, createNew: true, mode: 0o600 });
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await target.write(rest));
    await target.sync();
    // A link, not a rename: what is there already is never replaced.
    await Deno.link(temporary, file);
    using folder = await Deno.open(dirname(file));
    await folder.sync();
  } catch (error) {
    const reason = error instanceof Error ? error.message : "unknown failure";
    throw new RegistryFileError(file, `it cannot be written: ${reason}`, { cause: error });
  } finally {
    await Deno.remove(temporary).catch(() => {});
  }
}
