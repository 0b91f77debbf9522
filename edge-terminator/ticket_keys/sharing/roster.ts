/** A worker that shares ticket keys, as its siblings know it. */
export interface RosterMember {
  /** Given by the supervisor, from 1; never given twice. */
  readonly id: number;
  /** X25519, 32 bytes. */
  readonly publicKey: Uint8Array;
}

/**
 * The workers of one edge that share ticket keys, in the order in which they joined. The first one owns the set: it
 * makes new keys and passes them on.
 */
export interface Roster {
  /** The receiver's own number. */
  readonly self: number;
  readonly members: readonly RosterMember[];
}

/** What a worker needs to reach its siblings. Messages may be lost; those from one sender to one receiver keep their order. */
export interface SiblingPost {
  /** Says that this worker shares keys, or that its public key is another from now on. */
  join(publicKey: Uint8Array): void;
  send(to: number, message: Uint8Array): void;
}

/** Before the supervisor has told of anybody. */
export const emptyRoster: Roster = { self: 0, members: [] };

/** The number of the oldest member, who makes the keys; undefined when nobody shares keys yet. */
export function ownerOf({ members }: Roster): number | undefined {
  return members[0]?.id;
}

/** Whether the receiver makes the keys. */
export function isOwner(roster: Roster): boolean {
  return ownerOf(roster) === roster.self;
}

/** Everybody but the receiver. */
export function siblingsOf({ self, members }: Roster): RosterMember[] {
  return members.filter(({ id }) => id !== self);
}
