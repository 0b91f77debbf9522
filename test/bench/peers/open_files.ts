import { openFilesLimit } from "../../../shared/libc/bindings.ts";
import { runCommand } from "../../harness/command.ts";

/** What a server opens beside its connections: listeners, logs, channels, pipes. */
const spare = 400;

/**
 * Lets this process, and so those that it starts, open enough files for so many relayed connections, of two files each.
 * @returns how many connections the limit allows: fewer than wanted where it can be raised no further
 */
export async function allowConnections(wanted: number): Promise<number> {
  const needed = 2 * wanted + spare;
  if (openFilesLimit().hard < needed) {
    // Needs CAP_SYS_RESOURCE, which root in a container may lack.
    await runCommand("prlimit", [`--pid=${Deno.pid}`, `--nofile=${needed}:${needed}`]);
  }
  return Math.min(wanted, Math.floor((openFilesLimit().hard - spare) / 2));
}
