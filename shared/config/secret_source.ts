import { join } from "node:path";
import { z } from "zod";
import { HoldfastError } from "../errors.ts";
import type { LockedPool } from "../memory/locked_pool.ts";
import type { Secret } from "../memory/secret.ts";
import { pathBesideConfig } from "./paths.ts";

/** A secret that is missing, empty, or open to the world. Code `unusable-secret`. Never carries the secret. */
export class SecretSourceError extends HoldfastError {
  constructor(source: string, reason: string, options?: ErrorOptions) {
    super("unusable-secret", `Cannot read the secret ${source}: ${reason}`, options);
  }
}

const sourcePattern = /^(file:.+|env:[A-Za-z_][A-Za-z0-9_]*|credential:[A-Za-z0-9][A-Za-z0-9._-]*)$/;

/** Where a secret comes from: `file:PATH`, `env:NAME`, or `credential:NAME` (a file in $CREDENTIALS_DIRECTORY). */
export const secretSourceSchema = z.string().regex(sourcePattern, {
  error: "file:PATH, env:NAME or credential:NAME (a secret itself never stands in a configuration)",
});

/**
 * Reads the secret that `source` names, without one trailing newline. Relative paths are relative to `configFile`.
 *
 * Refuses a file that others than its owner and group may read, and an empty secret, with
 * {@link SecretSourceError}. The bytes are the caller's to overwrite after use. A secret from the environment
 * has also been a JavaScript string, which nobody can overwrite: prefer a file or a credential.
 */
export async function readSecret(source: string, configFile: string): Promise<Uint8Array> {
  return withoutTrailingNewline(source, await readFrom(source, configFile, (size) => new Uint8Array(size)));
}

/**
 * The same into a locked pool: from a file it goes straight into a block and is nowhere else. The caller disposes it.
 */
export async function readSecretInto(pool: LockedPool, source: string, configFile: string): Promise<Secret> {
  using blocks = new DisposableStack();
  const read = await readFrom(source, configFile, (size) => {
    if (size > pool.blockSize) {
      throw new SecretSourceError(source, `it has ${size} bytes; expected ${pool.blockSize} at most`);
    }
    // A file may be empty, a block may not.
    return blocks.use(pool.rent(Math.max(size, 1))).bytes.subarray(0, size);
  });
  const bytes = withoutTrailingNewline(source, read);
  const secret = pool.rent(bytes.length);
  secret.bytes.set(bytes);
  return secret;
}

/** Gives memory for a secret of this many bytes. */
type Allocate = (size: number) => Uint8Array;

async function readFrom(source: string, configFile: string, allocate: Allocate): Promise<Uint8Array> {
  const separator = source.indexOf(":");
  const kind = source.slice(0, separator);
  const name = source.slice(separator + 1);
  if (!sourcePattern.test(source)) {
    // The text itself may be the secret, written where only its source belongs.
    throw new SecretSourceError(
      "given",
      `it is a string of ${source.length} characters; expected file:, env: or credential:`,
    );
  }
  return kind === "env"
    ? readEnvironment(name, allocate)
    : await readFile(source, secretPath(kind, name, configFile), allocate);
}

function secretPath(kind: string, name: string, configFile: string): string {
  if (kind === "file") return pathBesideConfig(configFile, name);
  const folder = Deno.env.get("CREDENTIALS_DIRECTORY");
  if (folder === undefined || folder === "") {
    throw new SecretSourceError(
      `credential:${name}`,
      "CREDENTIALS_DIRECTORY is not set (systemd sets it for LoadCredential=)",
    );
  }
  return join(folder, name);
}

function readEnvironment(name: string, allocate: Allocate): Uint8Array {
  const value = Deno.env.get(name);
  if (value === undefined) throw new SecretSourceError(`env:${name}`, "the variable is not set");
  const bytes = new TextEncoder().encode(value);
  const secret = allocate(bytes.length);
  secret.set(bytes);
  bytes.fill(0);
  return secret;
}

async function readFile(source: string, path: string, allocate: Allocate): Promise<Uint8Array> {
  try {
    using file = await Deno.open(path, { read: true });
    const { mode, isFile, size } = await file.stat();
    if (!isFile) throw new SecretSourceError(source, `${path} is not a file`);
    if (mode !== null && (mode & 0o007) !== 0) {
      const shown = (mode & 0o777).toString(8).padStart(4, "0");
      throw new SecretSourceError(
        source,
        `${path} has mode ${shown}, open to every user; make it 0600 (chmod 600)`,
      );
    }
    return readAll(file, allocate(size));
  } catch (error) {
    if (error instanceof SecretSourceError) throw error;
    if (error instanceof Deno.errors.NotFound) {
      throw new SecretSourceError(source, `there is no file ${path}`);
    }
    throw new SecretSourceError(source, `${path} cannot be read by this process`, { cause: error });
  }
}

/** Fills one buffer of the file's size, so that no copy of the secret stays behind in a grown-out buffer. */
function readAll(file: Deno.FsFile, buffer: Uint8Array): Uint8Array {
  let length = 0;
  while (length < buffer.length) {
    const read = file.readSync(buffer.subarray(length));
    if (read === null) break;
    length += read;
  }
  return buffer.subarray(0, length);
}

function withoutTrailingNewline(source: string, bytes: Uint8Array): Uint8Array {
  const end = bytes.at(-1) !== 0x0a ? bytes.length : bytes.length - (bytes.at(-2) === 0x0d ? 2 : 1);
  if (end === 0) throw new SecretSourceError(source, "it is empty");
  return bytes.subarray(0, end);
}
