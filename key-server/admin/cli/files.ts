import { CliError } from "./errors.ts";
import { print, printBytes } from "./terminal.ts";

/** A text file of the operator's; "-" is standard input. Throws CliError. */
export async function readText(path: string): Promise<string> {
  return new TextDecoder().decode(await readBytes(path));
}

export async function readBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    if (path === "-") return new Uint8Array(await new Response(Deno.stdin.readable).arrayBuffer());
    return await Deno.readFile(path);
  } catch (cause) {
    throw new CliError("file", `Cannot read ${path}: ${reasonOf(cause)}`, "usage", { cause });
  }
}

/** Writes a new file, mode 0600, whole or not at all. Throws CliError, also where there is one already. */
export async function writeNewFile(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${crypto.randomUUID()}.new`;
  try {
    await Deno.writeFile(temporary, bytes, { createNew: true, mode: 0o600 });
    // A link, not a rename: what is there already is never replaced.
    await Deno.link(temporary, path);
  } catch (cause) {
    throw new CliError("file", `Cannot write ${path}: ${reasonOf(cause)}`, "failed", { cause });
  } finally {
    await Deno.remove(temporary).catch(() => {});
  }
}

/** To a new file, mode 0600, as it comes, else to standard output. Throws CliError. */
export async function writeStream(
  path: string | undefined,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  if (path === undefined || path === "-") {
    for await (const chunk of chunks) printBytes(chunk);
    return;
  }
  try {
    using file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
    for await (const chunk of chunks) {
      for (let rest = chunk; rest.length > 0;) rest = rest.subarray(await file.write(rest));
    }
  } catch (cause) {
    throw new CliError("file", `Cannot write ${path}: ${reasonOf(cause)}`, "failed", { cause });
  }
}

/** To a new file where one is named, else to standard output. */
export async function writeText(path: string | undefined, text: string): Promise<void> {
  if (path === undefined || path === "-") print(text);
  else await writeNewFile(path, new TextEncoder().encode(text));
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file or folder";
  if (error instanceof Deno.errors.AlreadyExists) return "it is there already";
  if (error instanceof Deno.errors.PermissionDenied) return "this user may not";
  return error instanceof Error ? error.message : "unknown failure";
}
