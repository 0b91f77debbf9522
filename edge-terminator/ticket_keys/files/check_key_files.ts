import { LockedPool } from "../../../shared/memory/locked_pool.ts";
import { type KeyFiles, loadKeyFiles } from "./load_key_files.ts";

/** Room for the longest files, and for what is read on the way. */
const poolBytes = 16 * 1024;

/** Reads the files as a worker will, for `--check`. Throws TicketKeyFileError, or why memory cannot be locked. */
export function checkKeyFiles(files: KeyFiles): void {
  using pool = LockedPool.open({ totalBytes: poolBytes });
  loadKeyFiles(pool, files)[Symbol.dispose]();
}
