import type { EdgeMessage } from "../../shared/control_protocol/edge_messages.ts";
import type { ServerMessage } from "../../shared/control_protocol/server_messages.ts";

/** What an edge says of shared ticket keys. */
export type TicketMessage = Extract<EdgeMessage, { type: `ticket-${string}` }>;

/** The connection of an edge that shares ticket keys. */
export interface TicketLink {
  /** The edge's URI. */
  readonly edge: string;
  readonly instance: string;
  readonly isOpen: boolean;
  /** Resolves when the edge has taken the message, or never will. Never rejects. */
  send(message: ServerMessage): Promise<void>;
}

/** Who takes such messages. */
export interface TicketMessages {
  received(link: TicketLink, message: TicketMessage): void;
  /** The connection has ended, or another one of the same installation has taken its place. */
  closed(link: TicketLink): void;
}
