/**
 * What a supervisor and its workers say to each other: one JSON object a line, to the worker over its stdin, from the
 * worker over its stdout. No message carries a secret, but sealed from worker to worker.
 */
import { z } from "zod";
import { givenNameSchema, reasonSchema, versionSchema } from "../../shared/control_protocol/schemas.ts";
import { type Update, updateSchema } from "../../shared/control_protocol/server_messages.ts";
import type { Acknowledgement } from "../control/control_speaker.ts";

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

/** What a worker with a `[control]` section hears of the control channel. Parts of one update come one after the other. */
export type ControlDelivery =
  /** The first one, after the start, is whole: what the edge had before. */
  | { readonly type: "control-update"; readonly update: Update }
  /** Speak to key servers, as this installation of the edge; undefined: speak no more. */
  | { readonly type: "control-speak"; readonly instance: string | undefined }
  /** All workers serve by it: to be told to key servers. */
  | { readonly type: "control-ack"; readonly acknowledgement: Acknowledgement }
  /** That key server's updates do not fit: say hello to it again. */
  | { readonly type: "control-restart"; readonly source: number; readonly reason: string }
  /** The edge is thrown out. */
  | { readonly type: "control-revoked"; readonly reason: string };

export type SupervisorMessage =
  | StartMessage
  /** Wants a report with the same number. */
  | { readonly type: "report"; readonly id: number }
  /** No new connections; those at hand may end by themselves within the deadline, in milliseconds. Then exit with 0. */
  | { readonly type: "drain"; readonly deadline: number }
  | ControlDelivery
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

/** How the control channel looks to a worker. */
const controlReportSchema = z.object({
  version: versionSchema,
  speaks: z.boolean(),
  /** Of the one that speaks. */
  keyServers: z.array(z.object({
    name: z.string(),
    connected: z.boolean(),
    lastError: z.string().optional(),
  })).max(1000),
  /** Sites whose certificates are pushed. */
  sites: z.int().min(0),
  withoutCertificate: z.array(z.string().max(253)).max(100),
  anyServed: z.boolean(),
  revoked: z.string().optional(),
});

const reportSchema = z.object({
  type: z.literal("report"),
  /** The request's number; 0 in the last report before a worker ends by itself. */
  id: z.int().min(0),
  connections: z.int().min(0),
  keyServers: z.array(keyServerSchema).max(1000),
  metrics: z.array(metricSchema).max(1000),
  control: controlReportSchema.optional(),
});

/** The certificates of this version are served. */
const controlAppliedSchema = z.object({
  type: z.literal("control-applied"),
  lineage: z.string().max(100),
  version: versionSchema,
  problems: z.array(z.object({ name: givenNameSchema, reason: z.string() })).max(1000),
});

/** From the worker that speaks: a part of an update, by the number of the key server that it came from. */
const controlUpdateSchema = z.object({
  type: z.literal("control-update"),
  source: z.int().min(0).max(1000),
  update: updateSchema,
});

/** That key server's connection has ended. */
const controlLostSchema = z.object({ type: z.literal("control-lost"), source: z.int().min(0).max(1000) });

/** A key server has said so. */
const controlRevokedSchema = z.object({ type: z.literal("control-revoked"), reason: reasonSchema });

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
  controlAppliedSchema,
  controlUpdateSchema,
  controlLostSchema,
  controlRevokedSchema,
]);

export type WorkerMessage = z.infer<typeof workerMessageSchema>;
export type SiblingMessage = z.infer<typeof joinSchema> | z.infer<typeof toSiblingSchema>;
/** What a worker says of the control channel. */
export type ControlNote =
  | z.infer<typeof controlAppliedSchema>
  | z.infer<typeof controlUpdateSchema>
  | z.infer<typeof controlLostSchema>
  | z.infer<typeof controlRevokedSchema>;
export type ControlReport = z.infer<typeof controlReportSchema>;
export type WorkerReport = z.infer<typeof reportSchema>;
export type MetricSnapshot = z.infer<typeof metricSchema>;
export type KeyServerReport = z.infer<typeof keyServerSchema>;

/**
 * Longest line either side takes, in bytes: twice a frame of the control protocol, whose updates pass here part by part,
 * so that the number of names is bounded by the protocol alone.
 */
export const maximumLineLength = 8 << 20;
