import type { Announcement, TicketReport } from "../../shared/control_protocol/ticket_messages.ts";

/** An edge's installation that shares ticket keys. */
export interface HubMember {
  readonly instance: string;
  /** Its URI. */
  readonly edge: string;
  readonly announcement: Announcement;
}

/** A member that other key servers have. */
export interface OtherMember extends HubMember {
  /** Whether one of them holds a connection to it; otherwise it was lost there not long ago. */
  readonly connected: boolean;
  /** When that began, or it was last heard of. */
  readonly since: Date;
}

/** What an edge said of its keys, and when. */
export interface DatedReport {
  readonly at: Date;
  readonly report: TicketReport;
}

/** From one member to another; the body is sealed from edge to edge. */
export interface RelayedMessage {
  readonly from: string;
  readonly to: string;
  readonly body: string;
}

/** Who is told what other key servers do. */
export interface HubStateListener {
  /** Others are live, have another key, or are live no more. */
  changed(): void;
  /** A message for a member that is connected here, or was not long ago. */
  message(message: RelayedMessage): void;
  /** Somebody wants new keys in a domain. */
  rotate(domain: string): void;
}

/**
 * What several key servers know together of the edges that share ticket keys. Nothing in it is secret, nothing of it is on
 * a disk, and all of it comes back from the edges when it is lost.
 */
export interface HubState extends AsyncDisposable {
  /** Members that other key servers have, by instance. */
  readonly others: ReadonlyMap<string, OtherMember>;
  /** What other members said of their keys, by instance. */
  readonly otherReports: ReadonlyMap<string, DatedReport>;
  /** Why others cannot be reached; undefined: they can, or there are none. */
  readonly problem: string | undefined;
  listen(listener: HubStateListener): void;
  /** A member is connected here, or was lost just now. Said at each change; kept up until `remove`. */
  put(member: HubMember, connected: boolean): void;
  /** It is no member here any more. */
  remove(instance: string): void;
  report(instance: string, report: DatedReport): void;
  /** Hands a message to a key server that has its receiver. False: there is none, or nobody can be reached. */
  send(message: RelayedMessage): boolean;
  rotate(domain: string): void;
  /** Whether this one speaks to a member, where several hold a connection to it. */
  speaksTo(instance: string): boolean;
}
