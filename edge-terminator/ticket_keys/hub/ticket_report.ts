import type { TicketReport } from "../../../shared/control_protocol/ticket_messages.ts";
import type { AgingKey } from "../aging_key.ts";
import type { MemberKeys } from "./hub_member.ts";

/** Tickets since a worker started. */
export interface TicketCounts {
  readonly issued: number;
  readonly resumed: number;
  readonly refused: number;
}

/** Keys of a domain that a report has at most: the newest. */
const mostReported = 64;

/** What key servers are told; `standing`: how many of how many members have an own key. */
export function reportOf(
  keys: Pick<MemberKeys, "domains" | "status" | "ownKeys" | "epochOf">,
  now: number,
  counts: TicketCounts,
  standing: (key: AgingKey) => { readonly acknowledged: number; readonly members: number },
): TicketReport {
  const held = Map.groupBy(keys.status(), ({ domain }) => domain);
  const domains = keys.domains.slice(0, 1000).map((domain) => {
    const states = new Map(held.get(domain)?.map(({ name, state }) => [name.toHex(), state]));
    return {
      domain,
      epoch: keys.epochOf(domain),
      keys: keys.ownKeys(domain).slice(0, mostReported).flatMap((key) => {
        const state = states.get(key.name.toHex());
        if (state === undefined) return []; // it is over
        const age = Math.max(0, Math.round(now - key.madeAt));
        return [{ name: key.name.toBase64(), state, age, ...standing(key) }];
      }),
      foreignKeys: held.get(domain)?.filter(({ isOwn }) => !isOwn).length ?? 0,
    };
  });
  return { type: "ticket-report", domains, ...counts };
}
