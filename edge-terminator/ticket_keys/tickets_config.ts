/** The `[tickets]` section of an edge's configuration: whether and how sessions resume. */
import { z } from "zod";
import { pathSchema } from "../../shared/config/paths.ts";
import type { KeyFiles } from "./files/load_key_files.ts";
import { mostKeys, type TicketKeySchedule } from "./schedule.ts";

const hour = 3600;
const month = 30 * 24 * hour;
/** RFC 8446 allows 7 days; what a stolen ticket key opens is bounded at one. */
const longestLifetime = 24 * hour;

const commonKeys = {
  count: z.int().min(0).max(8).default(2),
  lifetime_s: z.int().min(1).max(longestLifetime).default(longestLifetime),
};

const scheduleKeys = {
  new_key_every_s: z.int().min(1).max(month).default(12 * hour),
  key_opens_for_s: z.int().min(1).max(month).default(36 * hour),
  key_waits_for_s: z.int().min(0).max(hour).default(5),
};

/** `[tickets]`; example.toml says what each key means. */
export const ticketsSectionSchema = z.discriminatedUnion("source", [
  z.strictObject({ source: z.literal("off") }),
  z.strictObject({
    source: z.literal("local").default("local"),
    ...commonKeys,
    ...scheduleKeys,
  }),
  z.strictObject({
    source: z.literal("hub"),
    ...commonKeys,
    ...scheduleKeys,
    key_waits_for_s: z.int().min(5).max(hour).default(5),
    edge_ca: pathSchema,
  }),
  z.strictObject({
    source: z.literal("files"),
    ...commonKeys,
    format: z.enum(["nginx", "haproxy"]),
    files: z.array(pathSchema).min(1).max(16),
  }),
]).prefault({});

export type TicketsSection = z.output<typeof ticketsSectionSchema>;

/** What the section decides. Milliseconds; paths are absolute. */
export interface TicketSettings {
  readonly keys:
    | { readonly source: "local"; readonly schedule: TicketKeySchedule }
    /** `edgeCa`: a PEM file, by which other edges are known. */
    | { readonly source: "hub"; readonly schedule: TicketKeySchedule; readonly edgeCa: string }
    | { readonly source: "files" } & KeyFiles;
  /** Tickets that a TLS 1.3 handshake issues. */
  readonly count: number;
  readonly lifetime: number;
}

/** Undefined: nothing resumes. */
export function ticketSettings(
  section: TicketsSection,
  absolute: (path: string) => string,
): TicketSettings | undefined {
  if (section.source === "off") return undefined;
  const common = { count: section.count, lifetime: section.lifetime_s * 1000 };
  if (section.source === "files") {
    const { source, format } = section;
    return { ...common, keys: { source, format, paths: section.files.map(absolute) } };
  }
  const schedule = {
    sealsFor: section.new_key_every_s * 1000,
    opensFor: section.key_opens_for_s * 1000,
    activationDelay: section.key_waits_for_s * 1000,
  };
  return section.source === "hub"
    ? { ...common, keys: { source: "hub", schedule, edgeCa: absolute(section.edge_ca) } }
    : { ...common, keys: { source: "local", schedule } };
}

/** Files that a worker must be able to read. */
export function ticketKeyFiles(section: TicketsSection): readonly string[] {
  switch (section.source) {
    case "files":
      return section.files;
    case "hub":
      return [section.edge_ca];
    default:
      return [];
  }
}

/** Reports times and files that do not fit each other. */
export function checkTicketsSection(
  section: TicketsSection,
  hasControl: boolean,
  report: (path: (string | number)[], expected: string) => void,
): void {
  if (section.source === "hub" && !hasControl) {
    report(["tickets", "source"], "a [control] section beside it: key servers carry the keys");
  }
  if (section.source === "local" || section.source === "hub") {
    const { new_key_every_s: every, key_opens_for_s: opens, key_waits_for_s: waits } = section;
    if (waits >= every) report(["tickets", "key_waits_for_s"], "less than tickets.new_key_every_s");
    if (opens < every + section.lifetime_s) {
      const least = "new_key_every_s and lifetime_s together, so that the last ticket opens to its end";
      report(["tickets", "key_opens_for_s"], least);
    }
    if (opens < every + waits) {
      report(["tickets", "key_opens_for_s"], "new_key_every_s and key_waits_for_s or more");
    }
    if (opens > (mostKeys - 1) * every) {
      report(["tickets", "key_opens_for_s"], `at most ${mostKeys - 1} times tickets.new_key_every_s`);
    }
  }
  if (section.source !== "files") return;
  if (section.format === "haproxy" && section.files.length > 1) {
    report(["tickets", "files"], "one file: the format has all its keys in one");
  }
  for (const [index, file] of section.files.entries()) {
    if (section.files.indexOf(file) < index) {
      report(["tickets", "files", index], "one that no earlier entry has");
    }
  }
}
