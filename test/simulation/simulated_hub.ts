import { encodeFrame } from "../../shared/control_protocol/frame.ts";
import type { TicketMember } from "../../shared/control_protocol/ticket_messages.ts";
import type { TicketHubMessage, TicketMemberMessage } from "../../edge-terminator/control/control_speaker.ts";
import type { EventQueue } from "./event_queue.ts";
import { Link, type NetworkProfile } from "./network.ts";

interface Place {
  readonly up: Link;
  readonly down: Link;
  readonly take: (message: TicketHubMessage) => void;
  member?: TicketMember;
  isToBeTold: boolean;
}

/** A hub for real members: carries what they say, and tells each who is there, one list at a time. */
export class SimulatedHub {
  readonly #queue: EventQueue;
  readonly #domain: string;
  readonly #places = new Map<string, Place>();

  constructor(queue: EventQueue, domain: string) {
    this.#queue = queue;
    this.#domain = domain;
  }

  connect(instance: string, profile: NetworkProfile, take: (message: TicketHubMessage) => void): void {
    const number = this.#places.size;
    const [up, down] = [new Link(this.#queue, profile, number), new Link(this.#queue, profile, number)];
    this.#places.set(instance, { up, down, take, isToBeTold: false });
  }

  /** From a member. */
  say(from: string, edge: string, message: TicketMemberMessage): void {
    const place = this.#places.get(from)!;
    place.up.send(encodeFrame(message).length, () => {
      if (message.type === "ticket-join") {
        place.member = { instance: from, edge, announcement: message.announcement };
        for (const other of this.#places.values()) this.#tell(other);
      } else if (message.type === "ticket-send") {
        this.#push(this.#places.get(message.to)!, { type: "ticket-message", from, body: message.body });
      }
    });
  }

  /** Messages and bytes of all connections, both ways. */
  get traffic(): { readonly messages: number; readonly bytes: number } {
    const links = [...this.#places.values()].flatMap(({ up, down }) => [up, down]);
    return {
      messages: links.reduce((sum, { messages }) => sum + messages, 0),
      bytes: links.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  /** What changes while a list is under way is one list later. */
  #tell(place: Place): void {
    if (place.isToBeTold || place.member === undefined) return;
    place.isToBeTold = true;
    this.#queue.after(1, () => {
      place.isToBeTold = false;
      const members = [...this.#places.values()].flatMap(({ member }) => member ?? []);
      const others = members.filter(({ instance }) => instance !== place.member!.instance);
      this.#push(place, { type: "ticket-members", domain: this.#domain, epoch: 0, members: others });
    });
  }

  #push(place: Place, message: TicketHubMessage): void {
    place.down.send(encodeFrame(message).length, () => place.take(message));
  }
}
