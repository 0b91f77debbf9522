import { descendantsOf, type Mapping, mappingsOf } from "../../harness/proc/inspect.ts";
import { scanMemory } from "../../harness/proc/memory_scan.ts";
import { formsOf } from "./forms.ts";
import type { NamedSecret } from "./named_secret.ts";

/** A secret that stands somewhere. */
export interface Sighting {
  readonly secret: string;
  readonly form: string;
  readonly pid: number;
  readonly address: number;
  /** The file or kind of memory there. */
  readonly mapping: string;
  readonly isLocked: boolean;
}

export interface Search {
  readonly pids: readonly number[];
  /** Bytes that could be read and were. */
  readonly searched: number;
  /** Forms that were looked for. */
  readonly needles: number;
  readonly sightings: readonly Sighting[];
}

/** Needles with what they are; two secrets that look alike in some form are looked for once. */
export class Needles {
  readonly bytes = new Map<string, Uint8Array>();
  readonly #meanings = new Map<string, { secret: string; form: string }>();

  constructor(secrets: readonly NamedSecret[]) {
    const known = new Set<string>();
    for (const secret of secrets) {
      for (const [form, bytes] of formsOf(secret)) {
        const hex = bytes.toHex();
        if (known.has(hex)) continue;
        known.add(hex);
        const key = `${secret.name} (${form})`;
        this.bytes.set(key, bytes);
        this.#meanings.set(key, { secret: secret.name, form });
      }
    }
  }

  meaningOf(key: string): { secret: string; form: string } {
    return this.#meanings.get(key)!;
  }
}

/** A process and all that it has started, as the kernel knows them now. */
export async function processesOf(pid: number): Promise<number[]> {
  return [pid, ...await descendantsOf(pid)];
}

/** Searches all readable memory of processes for the secrets in all their forms. */
export async function search(pids: readonly number[], secrets: readonly NamedSecret[]): Promise<Search> {
  const needles = new Needles(secrets);
  const sightings: Sighting[] = [];
  let searched = 0;
  for (const pid of pids) {
    const [mappings, locked] = [await mappingsOf(pid), await lockedRangesOf(pid)];
    const scan = await scanMemory(pid, needles.bytes);
    searched += scan.searched;
    for (const [key, addresses] of scan.found) {
      for (const address of addresses) {
        const mapping = mappings.find(({ start, end }) => start <= address && address < end);
        const isLocked = locked.some(({ start, end }) => start <= address && address < end);
        sightings.push({
          ...needles.meaningOf(key),
          pid,
          address,
          mapping: mapping?.name || "anonymous",
          isLocked,
        });
      }
    }
  }
  return { pids, searched, needles: needles.bytes.size, sightings };
}

/** Ranges that the kernel keeps in memory: the pool on mlock, and OpenSSL's secure heap. */
export async function lockedRangesOf(pid: number): Promise<Mapping[]> {
  return await flaggedRangesOf(pid, "lo");
}

/** Ranges with one of smaps' VmFlags: "lo" locked, "dd" kept out of cores. */
export async function flaggedRangesOf(pid: number, flag: "lo" | "dd"): Promise<Mapping[]> {
  const entries = (await Deno.readTextFile(`/proc/${pid}/smaps`)).split(/\n(?=[0-9a-f]+-[0-9a-f]+ )/);
  const flagged = entries.filter((entry) => new RegExp(`^VmFlags:.* ${flag}\\b`, "m").test(entry));
  const starts = new Set(flagged.map((entry) => parseInt(entry, 16)));
  return (await mappingsOf(pid)).filter(({ start }) => starts.has(start));
}

/** What a search must not have found, and what it must have. */
export interface Expectation {
  /** Whether locked memory can be read from outside: not where it is secretmem. */
  readonly canReadLocked: boolean;
  /** Whether what the session does not need any more has to be gone from locked memory too. */
  readonly isStrict: boolean;
}

/** What is wrong, in words; empty when nothing is. */
export function complaints(
  { sightings }: Search,
  secrets: readonly NamedSecret[],
  { canReadLocked, isStrict }: Expectation,
): string[] {
  const kept = new Set(secrets.filter(({ isKept }) => isKept === true).map(({ name }) => name));
  const wrong = sightings.filter((s) => !s.isLocked || s.form !== "raw" || isStrict && !kept.has(s.secret));
  const seen = new Set(sightings.filter((s) => s.isLocked && s.form === "raw").map((s) => s.secret));
  const missing = canReadLocked ? [...kept].filter((name) => !seen.has(name)) : [];
  return [
    ...wrong.map(describe),
    ...missing.map((name) => `${name}: is in use and was not found in locked memory: the search is blind`),
  ];
}

function describe({ secret, form, pid, address, mapping, isLocked }: Sighting): string {
  const place = `${isLocked ? "locked memory" : "unlocked memory"} of process ${pid}`;
  return `${secret}: found as ${form} in ${place} at 0x${address.toString(16)} (${mapping})`;
}
