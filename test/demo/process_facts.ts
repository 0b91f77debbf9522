import {
  childrenOf,
  commandLineOf,
  environmentOf,
  type Mapping,
  mappingsOf,
  openFilesOf,
} from "../harness/proc/inspect.ts";
import { scanMemory } from "../harness/proc/memory_scan.ts";
import type { SoftHsmToken } from "../harness/token/softhsm_token.ts";

/** What /proc shows of one process, as far as it bears on who holds what. */
export interface ProcessFacts {
  readonly pid: number;
  readonly name: string;
  /** The kernel lets us look inside: only root may. What could not be seen counts as absent below. */
  readonly isOpen: boolean;
  /** The PKCS#11 module is mapped into it: it could reach the token. */
  readonly hasModule: boolean;
  /** It has files of the token open, or the token's place in its environment. */
  readonly seesToken: boolean;
  /** The token's PIN stands in its command line, its environment or its readable memory. */
  readonly knowsPin: boolean;
  /** Readable bytes that were searched; undefined when the kernel does not let us look. */
  readonly searched: number | undefined;
  /** KiB in memfd_secret mappings, which nobody else can read. */
  readonly secretKiB: number;
  /** KiB locked into memory, secret mappings included. */
  readonly lockedKiB: number;
}

/** A process and, after it, its children: an edge's supervisor with its workers. */
export async function processTree(pid: number): Promise<readonly number[]> {
  return [pid, ...await childrenOf(pid)];
}

/** Looks at a process from outside; `pin` is what its memory is searched for. */
export async function factsOf(
  pid: number,
  name: string,
  token: SoftHsmToken,
  pin: Uint8Array,
): Promise<ProcessFacts> {
  const insides = await Promise.all([mappingsOf(pid), openFilesOf(pid), environmentOf(pid)]).catch(ifDenied);
  const [mappings, files, environment] = insides ?? [[], [], {}];
  const commandLine = await commandLineOf(pid);
  const scan = await scanMemory(pid, new Map([["pin", pin]])).catch(() => undefined);
  const module = await Deno.realPath(token.modulePath); // as the kernel names it
  const pinText = new TextDecoder().decode(pin);
  const told = [...Object.values(environment), ...commandLine].some((text) => text.includes(pinText));
  return {
    pid,
    name,
    isOpen: insides !== undefined,
    hasModule: mappings.some((mapping) => mapping.name === module),
    seesToken: Object.values(environment).includes(token.env["SOFTHSM2_CONF"]!) ||
      files.some((file) => file.startsWith(token.folder)),
    knowsPin: told || (scan?.found.get("pin") ?? []).length > 0,
    searched: scan?.searched,
    secretKiB: kiB(mappings.filter((mapping) => mapping.name.includes("secretmem"))),
    lockedKiB: await lockedKiB(pid),
  };
}

function ifDenied(error: unknown): undefined {
  if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
}

function kiB(mappings: readonly Mapping[]): number {
  return mappings.reduce((sum, { start, end }) => sum + end - start, 0) / 1024;
}

async function lockedKiB(pid: number): Promise<number> {
  return Number(/^VmLck:\s+(\d+) kB$/m.exec(await Deno.readTextFile(`/proc/${pid}/status`))?.[1] ?? 0);
}
