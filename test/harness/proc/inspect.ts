/** What the kernel tells of a running process through /proc. */

/**
 * Whether the insides of the product's processes (descriptors, mappings, memory, environment) can be looked at: they close
 * them even to their own user.
 */
export const canLookInside = Deno.uid() === 0;

/** Pids of the direct children of `pid`, in order. */
export async function childrenOf(pid: number): Promise<number[]> {
  const children: number[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await Deno.readTextFile(`/proc/${name}/stat`).catch(() => "");
    // The command's name, in brackets, may hold anything: the fields are counted from its end.
    const [, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (Number(parent) === pid) children.push(Number(name));
  }
  return children.toSorted((a, b) => a - b);
}

/** Pids of all processes under `pid`. */
export async function descendantsOf(pid: number): Promise<number[]> {
  const children = await childrenOf(pid);
  return [...children, ...(await Promise.all(children.map(descendantsOf))).flat()];
}

/** Whether the process runs; one that has ended and that its parent has not yet asked about (a zombie) does not. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}

/** One range of a process's address space. */
export interface Mapping {
  readonly start: number;
  readonly end: number;
  /** As in `rw-p`. */
  readonly permissions: string;
  /** A path, a name in brackets, or "". */
  readonly name: string;
}

export async function mappingsOf(pid: number): Promise<Mapping[]> {
  const lines = (await Deno.readTextFile(`/proc/${pid}/maps`)).trimEnd().split("\n");
  return lines.map((line) => {
    const [, start = "0", end = "0", permissions = "", name = ""] =
      /^(\w+)-(\w+) (\S+) \S+ \S+ \d+ *(.*)$/.exec(line) ?? [];
    return { start: parseInt(start, 16), end: parseInt(end, 16), permissions, name };
  });
}

/** What its descriptors point to: paths, or `socket:[…]`, `pipe:[…]`, `anon_inode:…`. */
export async function openFilesOf(pid: number): Promise<string[]> {
  const targets: string[] = [];
  for await (const { name } of Deno.readDir(`/proc/${pid}/fd`)) {
    const target = await Deno.readLink(`/proc/${pid}/fd/${name}`).catch(() => undefined);
    if (target !== undefined) targets.push(target);
  }
  return targets;
}

export async function environmentOf(pid: number): Promise<Record<string, string>> {
  const text = await Deno.readTextFile(`/proc/${pid}/environ`);
  return Object.fromEntries(
    text.split("\0").filter(Boolean).map((entry) => {
      const separator = entry.indexOf("=");
      return [entry.slice(0, separator), entry.slice(separator + 1)];
    }),
  );
}

export async function commandLineOf(pid: number): Promise<string[]> {
  return (await Deno.readTextFile(`/proc/${pid}/cmdline`)).split("\0").slice(0, -1);
}
