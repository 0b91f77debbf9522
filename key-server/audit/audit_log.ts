import type { HistoryEntry } from "../registry/registry.ts";

/** A call of the admin API, in full, refused ones too. */
export interface AdminCallEvent {
  readonly kind: "admin-call";
  /** An administrator's identity; for a stranger what little is known: "uid:1000", "cn:mallory". */
  readonly author: string;
  /** Undefined: nobody that the configuration names. */
  readonly role: string | undefined;
  /** The operation's id in the OpenAPI document; undefined: a call of nothing that there is. */
  readonly operation: string | undefined;
  readonly path: string;
  /** What the address asks after its "?", parsed; undefined: nothing. */
  readonly query?: Readonly<Record<string, unknown>> | undefined;
  /** The body as it was sent, parsed; schemas refuse what would be a secret. */
  readonly request: unknown;
  readonly status: number;
  /** The error's code where there was one. */
  readonly code: string | undefined;
}

/** A transaction of the registry, whoever made it. */
export interface RegistryCommitEvent extends Omit<HistoryEntry, "at"> {
  readonly kind: "registry-commit";
}

/** What an edge asked of a key, and how it was answered. */
export interface KeyOperationEvent {
  readonly kind: "key-operation";
  readonly edge: string;
  /** Undefined: there is no such key. */
  readonly key: string | undefined;
  readonly operation: string;
  readonly serverName: string;
  /** "ok", or the code of the refusal. */
  readonly result: string;
}

/** A peer that was closed before it could ask anything. */
export interface ConnectionRefusedEvent {
  readonly kind: "connection-refused";
  readonly peer: string | undefined;
  readonly why: string;
  readonly reason: string;
}

/** An edge that got its certificate, the first one or a renewal, or did not. */
export interface EnrolmentEvent {
  readonly kind: "enrolment";
  readonly edge: string | undefined;
  readonly token: string | undefined;
  readonly result: string;
  /** Of the certificate that was given, in hexadecimal. */
  readonly serialNumber: string | undefined;
}

/** Everything that is written down for good. Instants are the log's own. */
export type AuditEvent =
  | AdminCallEvent
  | RegistryCommitEvent
  | KeyOperationEvent
  | ConnectionRefusedEvent
  | EnrolmentEvent;

/** Where it is written. */
export interface AuditLog {
  /** Never blocks and never throws. */
  record(event: AuditEvent): void;
  /** After this no end of this process loses what was recorded. Called before an answer goes out; never throws. */
  flush(): void;
  /** Why records cannot be kept at the moment; undefined: they can. */
  readonly failure: string | undefined;
}
