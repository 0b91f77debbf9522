/**
 * What a supervisor and its workers say to each other: one JSON object a line, to the worker over its stdin, from the
 * worker over its stdout. No message carries a secret, but sealed from worker to worker.
 */
import { z } from "zod";

/** A descriptor that the worker inherited, and the address it listens on as a client would write it. */
export interface InheritedListener {
  readonly fd: number;
  readonly address: string;
}

/** The first line a worker gets. The text goes along so that a restart serves what was accepted, not what the file says by then. */
export interface StartMessage {
  readonly type: "start";
  /** Where the configuration came from: relative paths in it are relative to its folder. */
  readonly configFile: string;
  readonly configText: string;
  readonly slot: number;
  readonly listeners: readonly InheritedListener[];
}

export type SupervisorMessage =
  | StartMessage
  /** Wants a report with the same number. */
  | { readonly type: "report"; readonly id: number }
  /** No new connections; those at hand may end by themselves within the deadline, in milliseconds. Then exit with 0. */
  | { readonly type: "drain"; readonly deadline: number }
  | SiblingDelivery;

/** What workers that share ticket keys hear of each other. Keys and bodies are base64. */
export type SiblingDelivery =
  /** Who shares, in the order in which they joined, `self` among them. Comes after each change. */
  | {
    readonly type: "roster";
    readonly self: number;
    readonly members: readonly { readonly id: number; readonly publicKey: string }[];
  }
  /** A sibling's message. */
  | { readonly type: "sibling"; readonly from: number; readonly body: string };

const metricValueSchema = z.object({
  value: z.number(),
  labels: z.record(z.string(), z.union([z.string(), z.number()])),
  metricName: z.string().optional(),
});

const metricSchema = z.object({
  name: z.string().max(200),
  help: z.string().max(1000),
  type: z.enum(["counter", "gauge", "histogram", "summary"]),
  aggregator: z.enum(["omit", "sum", "first", "min", "max", "average"]).default("sum"),
  values: z.array(metricValueSchema).max(10_000),
});

const keyServerSchema = z.object({
  name: z.string(),
  usable: z.boolean(),
  connected: z.boolean(),
  breaker: z.string(),
  lastError: z.string().optional(),
});

const reportSchema = z.object({
  type: z.literal("report"),
  /** The request's number; 0 in the last report before a worker ends by itself. */
  id: z.int().min(0),
  connections: z.int().min(0),
  keyServers: z.array(keyServerSchema).max(1000),
  metrics: z.array(metricSchema).max(1000),
});

const base64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** It shares ticket keys; or its public key is another from now on. */
const joinSchema = z.object({ type: z.literal("join"), publicKey: z.string().regex(base64).max(64) });

/** A message for a sibling. */
const toSiblingSchema = z.object({
  type: z.literal("sibling"),
  to: z.int().min(1),
  body: z.string().regex(base64).max(64 << 10),
});

/** A worker is the process that reads what strangers send: its words are checked like any other input. */
export const workerMessageSchema = z.discriminatedUnion("type", [
  /** It accepts connections. */
  z.object({ type: z.literal("ready") }),
  /** It cannot start: the words of a HoldfastError. It exits next. */
  z.object({ type: z.literal("failed"), code: z.string().max(100), message: z.string().max(100_000) }),
  /** Its copies of the listening sockets are closed. */
  z.object({ type: z.literal("stopped-listening") }),
  reportSchema,
  joinSchema,
  toSiblingSchema,
]);

export type WorkerMessage = z.infer<typeof workerMessageSchema>;
export type SiblingMessage = z.infer<typeof joinSchema> | z.infer<typeof toSiblingSchema>;
export type WorkerReport = z.infer<typeof reportSchema>;
export type MetricSnapshot = z.infer<typeof metricSchema>;
export type KeyServerReport = z.infer<typeof keyServerSchema>;

/** Longest line either side takes, in bytes. */
export const maximumLineLength = 8 << 20;
