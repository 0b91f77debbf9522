import { isAboutSessions } from "../sessions/session_messages.ts";
import type { Roster, SiblingPost } from "../ticket_keys/sharing/roster.ts";
import type { SiblingDelivery, SiblingMessage } from "./control_messages.ts";

/** Who takes what comes from a worker's siblings. */
export interface SiblingReceiver {
  takeRoster(roster: Roster): void;
  receive(from: number, message: Uint8Array): void;
}

/** The way to a worker's siblings: through its supervisor, who passes on what it cannot read. */
export class SiblingChannel implements SiblingPost {
  /** Takes what is about ticket keys. Set it before `join`: nothing comes before. */
  receiver: SiblingReceiver | undefined;
  /** Takes what is about TLS 1.2 sessions. */
  sessions: SiblingReceiver | undefined;
  readonly #say: (message: SiblingMessage) => void;

  constructor(say: (message: SiblingMessage) => void) {
    this.#say = say;
  }

  join(publicKey: Uint8Array): void {
    this.#say({ type: "join", publicKey: publicKey.toBase64() });
  }

  send(to: number, message: Uint8Array): void {
    this.#say({ type: "sibling", to, body: message.toBase64() });
  }

  /** Takes what the supervisor passed on. */
  deliver(delivery: SiblingDelivery): void {
    if (delivery.type === "sibling") {
      const message = decode(delivery.body);
      const receiver = isAboutSessions(message) ? this.sessions : this.receiver;
      return receiver?.receive(delivery.from, message);
    }
    const members = delivery.members.map(({ id, publicKey }) => ({ id, publicKey: decode(publicKey) }));
    for (const receiver of [this.receiver, this.sessions]) {
      receiver?.takeRoster({ self: delivery.self, members });
    }
  }
}

/** A sibling may have said anything: what is no base64 is no key and no message either. */
function decode(text: string): Uint8Array {
  try {
    return Uint8Array.fromBase64(text);
  } catch {
    return new Uint8Array(0);
  }
}
