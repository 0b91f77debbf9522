import { createHash } from "node:crypto";
import { maximumBodyLength } from "../../shared/control_protocol/frame.ts";
import type { TicketMember, TicketMembers } from "../../shared/control_protocol/ticket_messages.ts";
import type { HubMember } from "./hub_state.ts";

/** Of a frame, for all that is not a member. */
const headRoom = 4096;

/** The most members that a message can have, by its schema. */
const mostMembers = 10_000;

interface Sized {
  readonly bytes: number;
  readonly digest: bigint;
}

/** Who is live in one domain. */
export class DomainRoster {
  readonly domain: string;
  readonly epoch: number;
  /** In the order of their instances; as many as one message has room for. */
  readonly members: ReadonlyMap<string, TicketMember>;
  /** How many no message has room for: others do not know of them. */
  readonly leftOut: number;
  /** Of all members' digests: taking one out is adding it again. */
  readonly #sum: bigint;

  constructor(domain: string, epoch: number, live: readonly HubMember[]) {
    this.domain = domain;
    this.epoch = epoch;
    const sorted = live.toSorted((one, other) => one.instance < other.instance ? -1 : 1);
    this.members = new Map(fitting(sorted).map((member) => [member.instance, member]));
    this.leftOut = sorted.length - this.members.size;
    this.#sum = [...this.members.values()].reduce((sum, member) => sum ^ sizedOf(member).digest, 0n);
  }

  /** What a member is told. */
  messageTo(instance: string): TicketMembers {
    const members = [...this.members.values()].filter((member) => member.instance !== instance);
    return { type: "ticket-members", domain: this.domain, epoch: this.epoch, members };
  }

  /** The same for two rosters that tell a member the same. */
  tagFor(instance: string): string {
    const own = this.members.get(instance);
    const others = own === undefined ? this.#sum : this.#sum ^ sizedOf(own).digest;
    return `${this.epoch} ${others.toString(16)}`;
  }
}

function fitting(members: readonly HubMember[]): TicketMember[] {
  let room = maximumBodyLength - headRoom;
  const fit: TicketMember[] = [];
  for (const { instance, edge, announcement } of members) {
    const member = { instance, edge, announcement };
    room -= sizedOf(member).bytes;
    if (room < 0 || fit.length === mostMembers) break;
    fit.push(member);
  }
  return fit;
}

/** By announcement: it never changes, and has no two members. */
const known = new WeakMap<HubMember["announcement"], Sized>();

function sizedOf(member: HubMember): Sized {
  const found = known.get(member.announcement);
  if (found !== undefined) return found;
  const { instance, edge, announcement } = member;
  const text = JSON.stringify({ instance, edge, announcement });
  const digest = createHash("sha256").update(text).digest("hex");
  const sized = { bytes: text.length + 1, digest: BigInt(`0x${digest}`) };
  known.set(announcement, sized);
  return sized;
}
