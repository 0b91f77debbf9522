import { announce, AnnouncementVerifier } from "../../../edge-terminator/ticket_keys/hub/announcement.ts";
import { TicketMemberError } from "../../../edge-terminator/ticket_keys/errors.ts";
import {
  memberAuthority,
  memberIdentities,
} from "../../../edge-terminator/ticket_keys/testing/member_identities.ts";
import { ticketMembersSchema } from "../../../shared/control_protocol/ticket_messages.ts";
import { type FuzzSubject, type FuzzTarget, promise, sameBytes } from "../fuzz_target.ts";
import { outcomeOf } from "../outcome.ts";

const instance = "0a".repeat(16);

/** A list of members as a hub sends it, in JSON. */
class MembersSubject implements FuzzSubject {
  readonly #verifier = new AnnouncementVerifier([memberAuthority.certificate]);
  readonly seeds: readonly Uint8Array[];

  constructor() {
    const identity = memberIdentities[0]!;
    const announcement = announce(identity, instance, new Uint8Array(32).fill(9), 1000);
    const list = {
      type: "ticket-members",
      domain: "public",
      epoch: 1,
      members: [{ instance, edge: identity.edge, announcement }],
    };
    this.seeds = [new TextEncoder().encode(JSON.stringify(list))];
  }

  run(input: Uint8Array): string {
    const { data } = ticketMembersSchema.safeParse(parsed(input));
    if (data === undefined) return "no list";
    return outcomeOf(() => {
      for (const member of data.members) {
        this.#verifier.verify(member);
        const [own] = ticketMembersSchema.parse(parsed(this.seeds[0]!)).members;
        const { publicKey, madeAt } = member.announcement;
        // Base64 has several forms of the same bytes.
        const isSameKey = sameBytes(
          Uint8Array.fromBase64(publicKey),
          Uint8Array.fromBase64(own!.announcement.publicKey),
        );
        const isOurs = member.instance === instance && member.edge === own!.edge && isSameKey &&
          madeAt === own!.announcement.madeAt;
        promise(isOurs, "an announcement that nobody signed was taken");
      }
      return sameBytes(input, this.seeds[0]!) ? "verified" : "verified, with other words around";
    }, TicketMemberError);
  }

  [Symbol.dispose](): void {
    this.#verifier[Symbol.dispose]();
  }
}

function parsed(input: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(input));
  } catch {
    return undefined;
  }
}

export const ticketMembersTarget: FuzzTarget = {
  name: "ticket-members",
  about: "members of a ticket domain, as an edge verifies them",
  open: () => new MembersSubject(),
};
