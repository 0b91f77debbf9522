import { connectionsUnder } from "../../../shared/descriptor_budget.ts";
import { openFilesLimit } from "../../../shared/libc/bindings.ts";
import { runCommand } from "../../harness/command.ts";

/** A relayed connection is two open files. */
const filesEach = 2;
/** What an edge keeps free for itself and for a burst of connections, and some more. */
const spare = 5000;

/**
 * Lets this process, and so those that it starts, open enough files for so many relayed connections.
 * @returns how many workers it takes to hold them: one, but more where the limit is too low and cannot be raised
 */
export async function workersToHold(connections: number): Promise<number> {
  const needed = filesEach * connections + spare;
  if (openFilesLimit().hard < needed) {
    // Needs CAP_SYS_RESOURCE, which root in a container may lack.
    await runCommand("prlimit", [`--pid=${Deno.pid}`, `--nofile=${needed}:${needed}`]);
  }
  const each = connectionsUnder(openFilesLimit().hard, connections, filesEach);
  // The kernel deals connections out to several workers evenly, but not exactly.
  return each === connections ? 1 : Math.ceil(1.1 * connections / each);
}
